"""`python -m core.server`: Daphne on uvloop, with what the socket's straight path needs.

Any other way to serve `core.asgi:application` (plain Daphne, uvicorn, runserver) works too, slower.
"""

import asyncio
import ctypes
import gc
import os
import sys
from contextlib import suppress
from typing import Any

import uvloop
from twisted.internet import asyncioreactor, defer

asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())
# Before anything imports the reactor.
asyncioreactor.install(asyncio.new_event_loop())  # type: ignore[no-untyped-call]

import daphne.server  # noqa: E402
from daphne.cli import CommandLineInterface  # noqa: E402
from daphne.http_protocol import WebRequest  # noqa: E402
from daphne.server import Server  # noqa: E402
from daphne.ws_protocol import WebSocketFactory  # noqa: E402
from django.conf import settings  # noqa: E402

from core.shutdown import say_goodbye  # noqa: E402
from core.ws_server import INBOX, Inbox, LeanSocket, spare_debug_texts  # noqa: E402

# The key under which `realtime.transport` looks for the protocol object.
EXTENSION = "simmer.daphne"
# Between two full collections this many first-generation ones: with thousands of sockets each one costs 100 ms.
GC_THRESHOLDS = (20_000, 50, 100)
# Of malloc.h.
M_MMAP_THRESHOLD = -3
MMAP_THRESHOLD = 1024 * 1024
# What is being answered when the server stops has so long to finish.
ANSWER_SECONDS = 5.0
# Seconds after which a busy thread lets another have the interpreter: the loop, with all its sockets, is one of nine.
SWITCH_INTERVAL = 0.001


def _runs(details: dict[str, Any]) -> bool:
    application = details.get("application_instance")
    return application is not None and not application.done()


class SocketServer(Server):  # type: ignore[misc]
    """Daphne's server; a socket's scope carries its protocol object, which frames may be written to directly."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # Daphne's 8 KiB means 512 messages for a chunk of 4 MiB.
        super().__init__(*args, **{**kwargs, "request_buffer_size": 256 * 1024})
        self._ports: list[Any] = []
        application: Any = kwargs["application"] if "application" in kwargs else args[0]

        def with_inbox(scope: dict[str, Any], receive: Any, send: Any) -> Any:
            inbox = scope.pop(INBOX, None)
            return application(scope, receive if inbox is None else inbox.get, send)

        self.application = with_inbox

    def listen_success(self, port: Any) -> None:
        self._ports.append(port)
        super().listen_success(port)

    def create_application(self, protocol: Any, scope: dict[str, Any]) -> Any:
        if scope["type"] != "websocket":
            return super().create_application(protocol, scope)
        scope["extensions"] = {EXTENSION: protocol}
        scope[INBOX] = inbox = Inbox()
        # Daphne's own queue ends here, as nobody holds it.
        return None if super().create_application(protocol, scope) is None else inbox

    def kill_all_applications(self) -> Any:
        """The server's end, which Twisted waits for: nobody new, the goodbyes, the answers under way; then the rest."""
        return defer.Deferred.fromFuture(asyncio.ensure_future(self._end()))

    async def _end(self) -> None:
        for port in self._ports:
            await defer.maybeDeferred(port.stopListening).asFuture(asyncio.get_running_loop())
        await say_goodbye()
        if answering := self._running(WebRequest):
            await asyncio.wait(answering, timeout=ANSWER_SECONDS)
        running = self._running()
        for application in running:
            application.cancel()
        # Daphne's own gathers those that have ended too, and raises what they raised.
        await asyncio.gather(*running, return_exceptions=True)

    def _running(self, kind: type = object) -> list[Any]:
        """The applications at work, of connections of that class."""
        return [
            details["application_instance"]
            for protocol, details in self.connections.items()
            if isinstance(protocol, kind) and _runs(details)
        ]

    async def handle_reply(self, protocol: Any, message: dict[str, Any]) -> None:
        await super().handle_reply(protocol, message)
        if message.get("more_body"):
            await protocol.drained()


class Command(CommandLineInterface):  # type: ignore[misc]
    description = "Serves Simmer: REST and sockets."
    server_class = SocketServer

    def load_asgi_app(self, asgi_app_path: str) -> Any:
        application = super().load_asgi_app(asgi_app_path)
        # Needs Django set up, which loading the application does. Daphne has no other place to name its requests.
        from core.http_server import BoundedFactory
        from core.watch import Watch

        Watch().start()
        daphne.server.HTTPFactory = BoundedFactory
        WebSocketFactory.protocol = LeanSocket
        spare_debug_texts()
        # What lives as long as the process is not looked at by any collection.
        gc.collect()
        gc.freeze()
        gc.set_threshold(*GC_THRESHOLDS)
        sys.setswitchinterval(SWITCH_INTERVAL)
        return application


def _return_large_blocks() -> None:
    """Makes glibc return freed blocks of MMAP_THRESHOLD bytes and more to the system at once.

    By default the first large block that is freed raises that size up to 32 MB. Then each thread keeps the memory of
    the largest body that it has read.
    """
    with suppress(AttributeError, OSError):  # another C library
        ctypes.CDLL(None).mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD)


def main() -> None:
    _return_large_blocks()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")
    arguments = sys.argv[1:]
    if not {"-p", "--port", "-u", "--unix-socket", "--fd", "-e", "--endpoint"} & set(arguments):
        arguments += ["--bind", settings.LISTEN_ADDRESS, "--port", str(settings.PORT)]
    fixed = ["--websocket-max-message-size", "65536", "--websocket_timeout", "-1", "--no-server-name"]
    Command().run([*fixed, "--verbosity", "0", *arguments, "core.asgi:application"])


if __name__ == "__main__":
    main()
