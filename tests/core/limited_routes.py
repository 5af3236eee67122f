"""Views that are limited in each way there is."""

from types import SimpleNamespace
from typing import Any

from django.urls import path
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import AllowAny, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView


class Open(APIView):
    authentication_classes: Any = ()
    permission_classes: Any = (AllowAny,)

    def get(self, request: Request) -> Response:
        return Response({})

    def post(self, request: Request) -> Response:
        return Response({})


class Closed(Open):
    permission_classes = (IsAuthenticated,)


class Scoped(Open):
    throttle_scope = "auth"


class Somebody(BaseAuthentication):
    def authenticate(self, request: Request) -> Any:
        return SimpleNamespace(pk=42, is_authenticated=True), None


class Person(Open):
    authentication_classes = (Somebody,)
    throttle_scope = "upload"


urlpatterns = [
    path("open/", Open.as_view()),
    path("closed/", Closed.as_view()),
    path("scoped/", Scoped.as_view()),
    path("person/", Person.as_view()),
]

handler404 = "core.api.not_found"
