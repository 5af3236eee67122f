from typing import Any

from django.urls import re_path

from benchmarks.peers.tutorial.consumers import ChatConsumer

urlpatterns: list[Any] = []
websocket_urlpatterns = [re_path(r"ws/chat/(?P<room_name>\w+)/$", ChatConsumer.as_asgi())]
