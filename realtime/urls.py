"""Addresses under `/api/`. An event stream itself is sent by `realtime.sse`, to which `core.asgi` leads."""

from django.urls import path

from realtime import views

urlpatterns = [
    path("events/", views.EventStreamView.as_view(), name="events"),
    path("asyncapi/", views.asyncapi, name="asyncapi"),
]
