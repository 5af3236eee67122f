"""Who may read what: asked of the apps' authorisers at subscribe, and again when something may have changed."""

from collections.abc import Collection
from typing import TYPE_CHECKING

from core import threads
from realtime.channels import live_sessions, namespace_of
from realtime.protocol import UnknownChannel
from realtime.topics import Topic

if TYPE_CHECKING:
    from realtime.connections import Connection


async def may_read(channel: str, user_id: int | None) -> bool:
    """Whether that person may read `channel`. Raises UnknownChannel."""
    found = namespace_of(channel)
    if found is None:
        raise UnknownChannel
    namespace, key = found
    if not namespace.needs_database:
        return user_id in namespace.authorize(key, [user_id])
    return user_id in await threads.run(namespace.authorize, key, [user_id])


async def no_longer_allowed(topic: Topic) -> list["Connection"]:
    """The readers of the topic who may not read it any more. One query for all of them."""
    if not topic.namespace.needs_database:
        return []
    readers = topic.connections()
    key = topic.channel.partition(":")[2]
    allowed = await threads.run(topic.namespace.authorize, key, {reader.user_id for reader in readers})
    return [reader for reader in readers if reader.user_id not in allowed and topic.channel in reader.channels]


async def revoked(connections: Collection["Connection"]) -> list["Connection"]:
    """Those of `connections` whose session has ended. One query for all of them."""
    # As they are now: one that signs in or refreshes while the database answers was not asked about.
    asked = {connection: connection.identity for connection in connections if connection.identity is not None}
    if not asked:
        return []
    alive = await threads.run(live_sessions, {identity.session_id for identity in asked.values()})
    return [
        connection
        for connection, identity in asked.items()
        if identity.session_id not in alive and connection.identity is identity
    ]
