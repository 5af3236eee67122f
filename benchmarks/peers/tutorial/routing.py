import time
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from benchmarks.peers.tutorial.consumers import ChatConsumer


def wait(request: HttpRequest, milliseconds: int) -> HttpResponse:
    """Not of the tutorial: a synchronous view that takes its time, as one does that asks another service."""
    time.sleep(milliseconds / 1000)
    return HttpResponse()


urlpatterns = [path("wait/<int:milliseconds>/", wait)]
websocket_urlpatterns: list[Any] = [re_path(r"ws/chat/(?P<room_name>\w+)/$", ChatConsumer.as_asgi())]
