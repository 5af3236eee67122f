"""Follows a recipe's ratings with the official SDK: python follow_centrifuge.py 1

It reconnects by itself, asks for a new token when the old one has expired, and recovers what was missed.
"""

import asyncio
import json
import os
import sys
import urllib.request

from centrifuge import Client, PublicationContext, SubscribedContext, SubscriptionEventHandler, UnsubscribedContext

URL = os.environ.get("SIMMER_URL", "http://localhost:8000")


def sign_in() -> str:
    credentials = {"username": os.environ["SIMMER_USERNAME"], "password": os.environ["SIMMER_PASSWORD"]}
    request = urllib.request.Request(
        f"{URL}/api/auth/token/", json.dumps(credentials).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["access"]


async def token() -> str:
    return await asyncio.to_thread(sign_in)


class Ratings(SubscriptionEventHandler):
    def __init__(self) -> None:
        self.ended = asyncio.Event()

    async def on_subscribed(self, context: SubscribedContext) -> None:
        print(f"following recipe:{sys.argv[1]}", flush=True)
        # After a day, or 5,000 events: the values are absolute, so one read of the recipe makes up for all of them.
        if context.was_recovering and not context.recovered:
            print("too much was missed: read the recipe again", flush=True)

    async def on_publication(self, context: PublicationContext) -> None:
        data = context.pub.data
        if data["type"].startswith("rating."):
            print(
                f"{context.pub.offset} {data['type']}: {data['avg_rating'] or 0:g} of {data['rating_count']}",
                flush=True,
            )

    async def on_unsubscribed(self, context: UnsubscribedContext) -> None:
        # The right to read it was taken away, or there is no such recipe.
        print(context.code, context.reason, file=sys.stderr)
        self.ended.set()


async def main(recipe: str) -> None:
    client = Client(f"{URL.replace('http', 'ws', 1)}/ws/", get_token=token)
    ratings = Ratings()
    subscription = client.new_subscription(f"recipe:{recipe}", ratings)
    await client.connect()
    await subscription.subscribe()
    await ratings.ended.wait()
    await client.disconnect()


asyncio.run(main(sys.argv[1]))
