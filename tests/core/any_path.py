"""A route that any address with a last slash meets."""

from django.http import HttpResponse
from django.urls import re_path

urlpatterns = [re_path(r"^.*/$", lambda request: HttpResponse())]

handler404 = "core.api.not_found"
