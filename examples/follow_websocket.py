"""Follows a recipe's ratings over a bare WebSocket: python follow_websocket.py 1

What an SDK does, by hand: sign in, connect, subscribe from the last position, answer pings, reconnect.
"""

import asyncio
import json
import os
import random
import sys
import urllib.error
import urllib.request

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake

URL = os.environ.get("SIMMER_URL", "http://localhost:8000")
# Seconds until the first attempt to reconnect; doubled with each that fails.
FIRST_DELAY, LONGEST_DELAY = 0.5, 20.0


class Refused(Exception):
    """Coming back would not help."""


def sign_in() -> str:
    credentials = {"username": os.environ["SIMMER_USERNAME"], "password": os.environ["SIMMER_PASSWORD"]}
    request = urllib.request.Request(
        f"{URL}/api/auth/token/", json.dumps(credentials).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["access"]
    except urllib.error.HTTPError as error:
        if error.code < 500 and error.code != 429:
            raise Refused(f"sign-in: {error}") from error
        raise


class Follower:
    """Where we are on one channel, across connections."""

    def __init__(self, channel: str) -> None:
        self.channel = channel
        self.position: dict[str, object] = {}

    async def follow(self, socket: ClientConnection, token: str) -> None:
        """Reads one connection to its end."""
        await socket.send(json.dumps({"id": 1, "connect": {"token": token}}))
        # With a position, what was missed since comes in the reply.
        await socket.send(json.dumps({"id": 2, "subscribe": {"channel": self.channel, **self.position}}))
        async for frame in socket:
            # A frame holds one or more JSON objects, one a line.
            for line in frame.split("\n"):
                message = json.loads(line)
                if not message:  # the server's ping
                    await socket.send("{}")
                elif "error" in message:
                    raise Refused(message["error"])
                elif "subscribe" in message:
                    self.subscribed(message["subscribe"])
                elif message.get("push", {}).get("channel") == self.channel:
                    self.pushed(message["push"])

    def subscribed(self, reply: dict) -> None:
        print("following", self.channel, flush=True)
        if reply.get("was_recovering") and not reply["recovered"]:
            # After a day, or 5,000 events: the values are absolute, so one read of the recipe makes up for all of them.
            print("too much was missed: read the recipe again", flush=True)
        for publication in reply.get("publications", []):
            self.heard(publication)
        self.position = {"recover": True, "epoch": reply["epoch"], "offset": reply["offset"]}

    def pushed(self, push: dict) -> None:
        if "unsubscribe" in push:  # the right to read it was taken away
            raise Refused(push["unsubscribe"])
        self.heard(push["pub"])
        self.position["offset"] = push["pub"]["offset"]

    def heard(self, publication: dict) -> None:
        data = publication["data"]
        if data["type"].startswith("rating."):
            print(
                f"{publication['offset']} {data['type']}: {data['avg_rating'] or 0:g} of {data['rating_count']}",
                flush=True,
            )


async def main(recipe: str) -> str:
    """Returns why it is over."""
    follower, delay = Follower(f"recipe:{recipe}"), FIRST_DELAY
    while True:
        try:
            # Before the socket is opened: the server closes a socket that sends no `connect` within five seconds.
            token = await asyncio.to_thread(sign_in)
            async with connect(f"{URL.replace('http', 'ws', 1)}/ws/") as socket:
                delay = FIRST_DELAY
                await follower.follow(socket, token)
            why = "the server closed the connection"
        except Refused as refused:
            return str(refused)
        except ConnectionClosed as closed:
            # From 3500 on the server does not want us back: a bad token, or a session that was ended.
            if closed.rcvd is not None and 3500 <= closed.rcvd.code < 4000:
                return f"{closed.rcvd.code} {closed.rcvd.reason}"
            why = str(closed)
        except (InvalidHandshake, OSError) as error:
            why = str(error)
        print(f"{why}: reconnecting", file=sys.stderr)
        # The random part keeps many clients from coming back at the same moment.
        await asyncio.sleep(delay * random.uniform(0.5, 1))
        delay = min(2 * delay, LONGEST_DELAY)


sys.exit(asyncio.run(main(sys.argv[1])))
