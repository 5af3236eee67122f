"""The `id` of an event of a stream (SSE): where the reader is on every channel of it, in one short text.

    1;5d1c07aa;recipe:42=17,post:7=4      the version, the epoch, the last offset seen of each channel

A dash in an offset's place: what the reader has missed there has yet to be told. A browser sends the last id back as
`Last-Event-ID`, to the same address, or a page does to another one, as it follows other things by now: so channels are
named. It is no secret and not signed: whoever changes it asks for other events of channels that they may read anyway,
or is told that theirs cannot be recovered.
"""

from urllib.parse import quote, unquote

from realtime.protocol import Position

VERSION = "1"
# A position that no stream can be continued from.
NOWHERE = Position("", 0)


def encode(epoch: str, places: list[bytes]) -> bytes:
    """The id of a reader who is at `places` (see `place`)."""
    return b"%b;%b;%b" % (VERSION.encode(), epoch.encode(), b",".join(places))


def place(channel: str, offset: int | None) -> bytes:
    """One channel's part; no offset stands for NOWHERE."""
    return b"%b=%b" % (quote(channel, safe=":").encode(), b"-" if offset is None else b"%d" % offset)


class LastEventId:
    """The id that a client comes back with, "" from one that is new. Never raises, whatever it is."""

    def __init__(self, text: str) -> None:
        self._given = bool(text)
        version, _, rest = text.partition(";")
        self._epoch, _, places = rest.partition(";")
        self._offsets: dict[str, int | None] = {}
        self._readable = version == VERSION
        for part in places.split(",") if self._readable and places else []:
            channel, _, offset = part.rpartition("=")
            number = offset.isascii() and offset.isdigit() and len(offset) <= 18
            if not (channel and (number or offset == "-")):
                self._readable = False
                break
            self._offsets[unquote(channel)] = int(offset) if number else None

    def since(self, channel: str, *, recoverable: bool) -> Position | None:
        """Where the client stopped reading `channel`, None when it was not reading it.

        NOWHERE when it came back and nobody can say: the id is not one of ours, or the channel keeps nothing.
        """
        if not self._given:
            return None
        if not self._readable or not recoverable:
            return NOWHERE
        if channel not in self._offsets:
            return None
        offset = self._offsets[channel]
        return NOWHERE if offset is None else Position(self._epoch, offset)
