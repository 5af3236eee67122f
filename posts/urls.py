"""Addresses of the social network, under `/api/`."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
