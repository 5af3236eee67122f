"""Presence: which sockets read a channel, on all servers.

Each server process keeps one hash in Redis, `{prefix}:presence:{server}`: a channel's name and its readers as
`{"<client>": <user id or null>}`. Once in REFRESH_SECONDS it writes the channels whose readers have changed and puts
the hash's end off, in one pipeline; nothing is written for a message, nor for a subscription. The hash of a process
that was killed ends TTL_SECONDS later, whole. What this process knows of its own readers is never read from there.
"""

import asyncio
import logging
import time
import uuid
from typing import TYPE_CHECKING, Any

import orjson
from django.conf import settings
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import RedisError

if TYPE_CHECKING:
    from realtime.hub import Hub

log = logging.getLogger(__name__)

REFRESH_SECONDS = 2.0
TTL_SECONDS = 12
# Redis answers in less, or the command fails.
ANSWER_SECONDS = 0.5
# Names of processes that have ended stay in the list for so long. It does not matter when clocks differ by less.
FORGET_SECONDS = 600

# Clients, each with the id of the person, None for somebody anonymous.
Members = dict[str, int | None]


class Presence:
    """What one hub tells the others of its readers, and asks them."""

    def __init__(self, hub: "Hub") -> None:
        self._hub = hub
        self._server = uuid.uuid4().hex
        self._servers_key = f"{settings.BUS_PREFIX}:presence"
        self._changed: set[str] = set()
        # The channels that are in the hash, as far as we know.
        self._told: set[str] = set()
        self._away = False
        self._client: Redis | None = None

    def changed(self, channel: str) -> None:
        """Somebody came to `channel`, or left it."""
        self._changed.add(channel)

    async def members(self, channel: str) -> Members:
        """Who reads `channel`, here as of now and elsewhere as of REFRESH_SECONDS ago. Raises RedisError."""
        redis = self._redis()
        names: Any = await redis.zrange(self._servers_key, 0, -1)
        members: Members = {}
        others = {name.decode() for name in names} - {self._server}
        if others:
            async with redis.pipeline(transaction=False) as pipeline:
                for server in others:
                    pipeline.hget(self._key(server), channel)
                found: list[bytes | None] = await pipeline.execute()
            for readers in found:
                members.update(orjson.loads(readers) if readers else {})
        return {**members, **self._here(channel)}

    async def keep(self) -> None:
        """Works for as long as the hub does."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            try:
                await self.refresh()
            except RedisError as error:
                if not self._away:
                    log.warning("presence_away error=%s", type(error).__name__)
                self._away = True
            else:
                self._away = False

    async def refresh(self) -> None:
        """Tells the others what has changed; everything when Redis has forgotten us. Raises RedisError."""
        if not self._changed and not self._told:
            return
        if await self._tell() < len(self._told):
            self._changed |= self._told
            await self._tell()

    async def leave(self) -> None:
        """Takes this process's readers off the list; what Redis does not hear, it forgets by itself."""
        if self._client is None:
            return
        try:
            if self._told:
                async with self._client.pipeline(transaction=False) as pipeline:
                    pipeline.delete(self._key(self._server))
                    pipeline.zrem(self._servers_key, self._server)
                    await pipeline.execute()
        except RedisError as error:
            log.info("presence_left_to_expire error=%s", type(error).__name__)
        finally:
            client, self._client, self._told = self._client, None, set()
            await client.aclose()

    async def _tell(self) -> int:
        """Writes what has changed, in one round trip. Returns how many channels the hash holds then."""
        changed, self._changed = self._changed, set()
        key, now = self._key(self._server), time.time()
        members = {channel: here for channel in changed if (here := self._here(channel))}
        try:
            async with self._redis().pipeline(transaction=False) as pipeline:
                if members:
                    pipeline.hset(key, mapping={channel: orjson.dumps(here) for channel, here in members.items()})
                if empty := changed - members.keys():
                    pipeline.hdel(key, *empty)
                pipeline.expire(key, TTL_SECONDS)
                pipeline.zadd(self._servers_key, {self._server: now})
                pipeline.zremrangebyscore(self._servers_key, "-inf", now - FORGET_SECONDS)
                pipeline.hlen(key)
                known: int = (await pipeline.execute())[-1]
        except RedisError:
            self._changed |= changed
            raise
        self._told = (self._told - changed) | members.keys()
        return known

    def _here(self, channel: str) -> Members:
        topic = self._hub.topics.get(channel)
        if topic is None:
            return {}
        return {reader.client: reader.user_id for reader in topic.subscribed() if reader.client}

    def _key(self, server: str) -> str:
        return f"{self._servers_key}:{server}"

    def _redis(self) -> Redis:
        if self._client is None:
            options: dict[str, Any] = {"socket_timeout": ANSWER_SECONDS, "socket_connect_timeout": ANSWER_SECONDS}
            # A connection that broke while idle is replaced at once; a slow server is not asked twice.
            retry = Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))
            self._client = Redis.from_url(settings.BUS_REDIS_URLS[0], protocol=2, retry=retry, **options)
        return self._client
