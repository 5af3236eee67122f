"""Addresses under `/api/`. The stream itself is sent by `realtime.sse`, where `core.asgi` leads this address."""

from django.urls import path

from realtime import views

urlpatterns = [path("events/", views.EventStreamView.as_view(), name="events")]
