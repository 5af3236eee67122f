"""Channel names (`recipe:42`) and who may read them. The apps register both; realtime only asks.

An authoriser takes the channel's key and the ids of people (None stands for an anonymous one) and returns those
allowed, in one to three queries however many they are: the hub asks for those who subscribe at the same moment, and for
all readers of a channel at a re-check.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any

Authorizer = Callable[[str, Collection[int | None]], set[int | None]]


@dataclass(frozen=True)
class Namespace:
    """A family of channels.

    `server_side`: each signed-in connection is subscribed to its own (`inbox:{user_id}`) by the server.
    `internal`: no client may subscribe; to them there is no such channel.
    `recoverable`: it is a stream, with offsets and a store behind it. Otherwise it carries hints, which are not kept.
    `presence`: readers may ask who else is there.
    `needs_database`: the authoriser asks the database and so runs in a thread; otherwise it runs on the event loop.
    """

    name: str
    authorize: Authorizer
    description: str
    server_side: bool = False
    internal: bool = False
    recoverable: bool = True
    presence: bool = False
    needs_database: bool = True


NAMESPACES: dict[str, Namespace] = {}


def nobody(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """The authoriser of internal channels."""
    return set()


def register_namespace(
    name: str,
    *,
    description: str,
    authorize: Authorizer = nobody,
    server_side: bool = False,
    internal: bool = False,
    recoverable: bool = True,
    presence: bool = False,
) -> None:
    """Makes `name` or `name:{key}` a channel; called in an app's `AppConfig.ready()`."""
    needs_database = authorize not in (everyone, only_that_person, nobody)
    NAMESPACES[name] = Namespace(
        name,
        authorize,
        description,
        server_side=server_side,
        internal=internal,
        recoverable=recoverable,
        presence=presence,
        needs_database=needs_database,
    )


def namespace_of(channel: str) -> tuple[Namespace, str] | None:
    """The namespace and key of `channel`, None when there is no such family. `recipes` has an empty key.

    Internal ones are found too: whoever asks for a client has to look.
    """
    name, colon, key = channel.partition(":")
    namespace = NAMESPACES.get(name)
    if namespace is None or len(channel) > 64 or (colon and not key):
        return None
    return namespace, key


def is_control(channel: str) -> bool:
    """Whether an event with flags there is a control event: it concerns all channels of one user."""
    found = namespace_of(channel)
    return found is not None and found[0].server_side


def id_of(key: str) -> int | None:
    """The id that `key` names, None when it names none: "007" would be a second name of one channel, never heard on."""
    if not (key.isascii() and key.isdigit()) or len(key) > 18 or str(int(key)) != key:
        return None
    return int(key)


def everyone(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """The authoriser of public channels without a key, like `recipes`."""
    return set() if key else set(user_ids)


def only_that_person(key: str, user_ids: Collection[int | None]) -> set[int | None]:
    """The authoriser of channels keyed by the id of their only reader, like `inbox:{id}`."""
    return {user_id for user_id in user_ids if user_id is not None and key == str(user_id)}


@dataclass(frozen=True, slots=True)
class Identity:
    """Who a token or ticket speaks for. `expires_at` is in seconds since 1970; `user` what a REST view would see.

    What a socket keeps has no `user`: rows of the database take more memory than the rest of it.
    """

    user_id: int
    session_id: str
    expires_at: float
    user: Any = None


class TokenExpired(Exception):
    """The token was good once: the client should refresh it."""


class TokenInvalid(Exception):
    """Not a token of ours, or its session is revoked."""


class ScopeMissing(Exception):
    """The token is an app's, which may not read. Its argument is the scope that would do."""


TokenVerifier = Callable[[str], Identity]
# The same of what a token's signature says alone; None when only the database knows, as of a ticket.
TokenReader = Callable[[str], Identity | None]
# Given the session ids of open sockets, those still alive (for the 30-s re-check).
SessionChecker = Callable[[Collection[str]], set[str]]

_token_verifier: TokenVerifier | None = None
_token_reader: TokenReader | None = None
_session_checker: SessionChecker | None = None


def register_identities(
    *, verify_token: TokenVerifier, live_sessions: SessionChecker, read_token: TokenReader | None = None
) -> None:
    """accounts registers how a connect token is read.

    `verify_token` and `live_sessions` run in a database thread, `read_token` asks no database and runs on the event
    loop. The two that take a token raise TokenExpired, TokenInvalid or ScopeMissing.
    """
    global _token_verifier, _token_reader, _session_checker
    _token_verifier, _token_reader, _session_checker = verify_token, read_token, live_sessions


def read_token(token: str) -> Identity | None:
    """Whose token it is by its signature: whether the session still lives is `live_sessions`' to say."""
    return _token_reader(token) if _token_reader else None


def verify_token(token: str) -> Identity:
    if _token_verifier is None:
        raise TokenInvalid
    return _token_verifier(token)


def live_sessions(session_ids: Collection[str]) -> set[str]:
    return _session_checker(session_ids) if _session_checker else set()


# Given the ids of people: for each, the ids of those whose doings are hidden from them (blocks either way, their own
# mutes). Who hides nobody may be left out.
HiddenActors = Callable[[Collection[int]], Mapping[int, Collection[int]]]
# Given the data of an event of the channel `feeds` and the ids of connected people: those whose feed it belongs to.
FeedReaders = Callable[[dict[str, Any], Collection[int]], set[int]]

_hidden_actors: HiddenActors | None = None
_feed_readers: FeedReaders | None = None


def register_hidden_actors(hidden_actors: HiddenActors) -> None:
    """accounts registers who is hidden from whom. It runs in a database thread, as one query."""
    global _hidden_actors
    _hidden_actors = hidden_actors


def hidden_actors(user_ids: Collection[int]) -> Mapping[int, Collection[int]]:
    return _hidden_actors(user_ids) if _hidden_actors and user_ids else {}


def register_feed_readers(feed_readers: FeedReaders) -> None:
    """posts registers whose feed a publication belongs to. It runs in a database thread, as one query.

    It leaves out those from whom the author is hidden: a hint has no hidden form.
    """
    global _feed_readers
    _feed_readers = feed_readers


def feed_readers(data: dict[str, Any], user_ids: Collection[int]) -> set[int]:
    return _feed_readers(data, user_ids) if _feed_readers else set()
