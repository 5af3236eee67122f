"""Limits that hold under concurrency: at most `requests` in any `seconds`, counted by one Lua call in Redis.

A sliding log of times for each key, so the limit is exact in every window, however many processes ask at once. When
Redis does not answer within 50 ms, each process counts for itself for 5 s; a request never fails over it. What a
process has let through it remembers in any case: no flicker of Redis gives anybody a second share of it.
"""

import hashlib
import logging
import math
import re
import threading
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

import redis
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from redis.backoff import NoBackoff
from redis.retry import Retry

from core.clients import limit_key

log = logging.getLogger(__name__)

REDIS_SECONDS = 0.05
LOCAL_SECONDS = 5.0
# Keys that one process remembers, of 32 bytes for each request; those not used for longest are forgotten first.
LOCAL_KEYS = 10_000
PREFIX = "limit:"
_PERIODS = {"s": 1, "sec": 1, "m": 60, "min": 60, "h": 3600, "hour": 3600, "d": 86_400, "day": 86_400}

# KEYS: one list of times (microseconds, newest left) for each limit. ARGV: "requests seconds" for each.
# Drops what is older than the window, then counts this request on every list, or on none when one is full.
# Returns, for each: 1 or 0 (full), places left, and microseconds until its oldest entry leaves the window.
_TAKE = """
local clock = redis.call('TIME')
local now = clock[1] * 1000000 + clock[2]
local open = 1
local counts = {}
for i, key in ipairs(KEYS) do
    local limit, window = tonumber(ARGV[2 * i - 1]), ARGV[2 * i] * 1000000
    local oldest = redis.call('LINDEX', key, -1)
    while oldest and tonumber(oldest) <= now - window do
        redis.call('RPOP', key)
        oldest = redis.call('LINDEX', key, -1)
    end
    counts[i] = redis.call('LLEN', key)
    if counts[i] >= limit then open = 0 end
end
local answer = {}
for i, key in ipairs(KEYS) do
    local limit, window = tonumber(ARGV[2 * i - 1]), ARGV[2 * i] * 1000000
    local free = counts[i] < limit and 1 or 0
    if open == 1 then
        redis.call('LPUSH', key, string.format('%.0f', now))
        redis.call('PEXPIRE', key, window / 1000)
        counts[i] = counts[i] + 1
    end
    local oldest = redis.call('LINDEX', key, -1)
    local reset = oldest and (tonumber(oldest) + window - now) or window
    answer[i] = {free, limit - counts[i], reset}
end
return answer
"""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `requests` in any `seconds`."""

    requests: int
    seconds: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a key stands after a request: was there a place, how many are left, seconds until one comes free."""

    free: bool
    remaining: int
    reset: float


@lru_cache
def parse_rate(rate: str) -> Limit | None:
    """ "10/min" as a Limit, "off" as None."""
    if rate == "off":
        return None
    match = re.fullmatch(r"([1-9]\d*)/([a-z]+)", rate)
    if match is None or match[2] not in _PERIODS:
        raise ImproperlyConfigured(f"{rate!r} is no rate: write 10/min, 60/hour (or s, day), or off.")
    return Limit(int(match[1]), _PERIODS[match[2]])


def take(wanted: Sequence[tuple[str, Limit]]) -> list[Standing]:
    """Counts one request under every key, in one call; on none of them when one has no place left."""
    if not wanted:
        return []
    own = _local.take(wanted)
    if not all(standing.free for standing in own):
        return own  # more than these have not been let through, and Redis need not be asked
    shared = _ask_redis(wanted)
    if shared is None:
        return own
    if not all(standing.free for standing in shared):
        _local.give_back(wanted)
    return shared


def _ask_redis(wanted: Sequence[tuple[str, Limit]]) -> list[Standing] | None:
    """None while it is away."""
    global _local_until
    if are_local():
        return None
    try:
        return _take_shared(wanted)
    except redis.RedisError as error:
        _local_until = time.monotonic() + LOCAL_SECONDS
        log.warning("limits_local seconds=%g error=%s", LOCAL_SECONDS, type(error).__name__)
        return None


def are_local() -> bool:
    """Whether this process counts for itself at the moment, as Redis did not answer."""
    return time.monotonic() < _local_until


def _take_shared(wanted: Sequence[tuple[str, Limit]]) -> list[Standing]:
    keys = [PREFIX + key for key, _ in wanted]
    arguments = [value for _, limit in wanted for value in (limit.requests, limit.seconds)]
    script = _script()
    try:
        rows: Any = _client().evalsha(script, len(keys), *keys, *arguments)
    except redis.exceptions.NoScriptError:
        rows = _client().eval(_TAKE, len(keys), *keys, *arguments)
    return [Standing(bool(free), int(left), int(reset) / 1_000_000) for free, left, reset in rows]


@cache
def _client() -> redis.Redis:
    # A connection that broke while idle is replaced at once; a slow server is not asked twice.
    retry = Retry(NoBackoff(), 1, supported_errors=(redis.ConnectionError,))
    return redis.Redis.from_url(
        settings.THROTTLE_REDIS_URL,
        protocol=2,
        socket_timeout=REDIS_SECONDS,
        socket_connect_timeout=REDIS_SECONDS,
        retry=retry,
    )


@cache
def _script() -> str:
    return hashlib.sha1(_TAKE.encode(), usedforsecurity=False).hexdigest()


class LocalLimits:
    """The same limits counted in this process alone."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._times: dict[str, deque[float]] = {}

    def take(self, wanted: Sequence[tuple[str, Limit]]) -> list[Standing]:
        now = time.monotonic()
        with self._lock:
            logs = [self._log(key, limit, now) for key, limit in wanted]
            free = [len(times) < limit.requests for times, (_, limit) in zip(logs, wanted, strict=True)]
            if all(free):
                for times in logs:
                    times.append(now)
            return [
                Standing(has_place, limit.requests - len(times), (times[0] if times else now) + limit.seconds - now)
                for has_place, times, (_, limit) in zip(free, logs, wanted, strict=True)
            ]

    def give_back(self, wanted: Sequence[tuple[str, Limit]]) -> None:
        """Takes back what `take` has just counted."""
        with self._lock:
            for key, _ in wanted:
                if times := self._times.get(key):
                    times.pop()

    def forget(self, key: str) -> None:
        with self._lock:
            self._times.pop(key, None)

    def _log(self, key: str, limit: Limit, now: float) -> deque[float]:
        times = self._times.pop(key, None) or deque()
        self._times[key] = times  # to the end: the front is what was longest unused
        while times and times[0] <= now - limit.seconds:
            times.popleft()
        if len(self._times) > LOCAL_KEYS:
            del self._times[next(iter(self._times))]
        return times


_local = LocalLimits()
_local_until = 0.0


def forget_all() -> None:
    """Empties this process's memory of limits."""
    global _local, _local_until
    _local, _local_until = LocalLimits(), 0.0


class Failures:
    """Tries to sign in, counted before the password is looked at, so that a burst gets no more of them than a queue.

    `hit` begins each try, `clear` ends one that succeeded. An account's own limit is the wide one: it stops guesses
    that are spread over many addresses, and whoever wants to lock somebody out needs as many.
    """

    def __init__(self, *, at_address: Limit, anywhere: Limit) -> None:
        self._at_address, self._anywhere = at_address, anywhere

    def hit(self, *, account: str, address: str) -> int:
        """Counts a try. 0 when it may go on, else the seconds to wait; a refused try is not counted.

        `account`: what names it, the same for its username and its e-mail if that can be known.
        """
        wanted = list(zip(self._keys(account, address), (self._at_address, self._anywhere), strict=True))
        # A success on another server clears it in Redis alone, so this process's memory counts only without Redis.
        standings = _ask_redis(wanted) or _local.take(wanted)
        return max((seconds(standing.reset) for standing in standings if not standing.free), default=0)

    def clear(self, *, account: str, address: str) -> None:
        """Forgets the tries from this address and one of the account's, so that no guesser elsewhere is set free."""
        at_address, anywhere = self._keys(account, address)
        _local.forget(at_address)
        try:
            _client().delete(PREFIX + at_address)
            _client().lpop(PREFIX + anywhere)
        except redis.RedisError as error:
            log.warning("failures_kept error=%s", type(error).__name__)

    @staticmethod
    def _keys(account: str, address: str) -> tuple[str, str]:
        name = _hashed(account)
        return f"sign-in:{name}:{limit_key(address)}", f"sign-in:{name}"


def wait_for(kind: str, name: str, limit: Limit) -> int:
    """Counts one thing of KIND for NAME, in any case of letters. 0 when there was a place, else seconds to wait."""
    [standing] = take([(f"{kind}:{_hashed(name)}", limit)])
    return 0 if standing.free else seconds(standing.reset)


def _hashed(name: str) -> str:
    """Redis, its dumps and its logs hold no e-mail addresses."""
    return hashlib.blake2b(name.strip().lower().encode(), digest_size=16).hexdigest()


# Five slips are human; an account that is guessed at from everywhere gives 100 guesses a day to all of them together.
failures = Failures(at_address=Limit(5, 15 * 60), anywhere=Limit(100, 24 * 3600))


def seconds(wait: float) -> int:
    """For `Retry-After`: whole seconds, rounded up, at least one."""
    return max(1, math.ceil(wait))
