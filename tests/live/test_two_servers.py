"""Two web servers beside each other: restarted one after the other under load, and who is on which."""

import threading
import time
from itertools import cycle

from websockets.exceptions import ConnectionClosed

from core.processes import stop
from tests.live.people import LiveSocket, Person
from tests.live.raters import Raters
from tests.live.servers import second_server
from tests.stack import Stack, wait_until


class Follower:
    """Reads a channel to the end, on whatever server is there, as an SDK would: it recovers from where it was."""

    def __init__(self, stack: Stack, channel: str, ws_urls: list[str]) -> None:
        self.offsets: list[int] = []
        self.codes: list[int] = []
        self._stack, self._channel, self._urls = stack, channel, cycle(ws_urls)
        self._socket, result = self._connect()
        self._epoch = result["epoch"]
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._read)
        self._thread.start()

    def _connect(self, **since: object) -> tuple[LiveSocket, dict[str, object]]:
        while True:
            try:
                socket = LiveSocket(self._stack, url=next(self._urls))
                return socket, socket.subscribe(self._channel, **since)
            except (OSError, ConnectionClosed):
                continue

    def _read(self) -> None:
        while not self._ended.is_set():
            try:
                self.offsets.append(self._socket.publication(self._channel)["offset"])
            except TimeoutError:
                return
            except ConnectionClosed as closed:
                self._socket.close()
                if self._ended.is_set():
                    return
                self.codes.append(closed.rcvd.code if closed.rcvd else 0)
                last = self.offsets[-1] if self.offsets else 0
                self._socket, result = self._connect(recover=True, epoch=self._epoch, offset=last)
                assert result["recovered"]
                self.offsets += [publication["offset"] for publication in result["publications"]]  # type: ignore[attr-defined]

    def end(self) -> None:
        self._ended.set()
        self._socket.websocket.close()
        self._thread.join()


def test_a_rolling_restart_under_writes_loses_nothing(stack: Stack) -> None:
    seller = Person(stack, role="seller")
    recipe = seller.publish()
    channel = f"recipe:{recipe}"
    with second_server(stack) as second:
        raters = Raters([Person(stack) for _ in range(4)], recipe, urls=[stack.url, second.url])
        sockets = [stack.ws_url, second.ws_url]
        followers = [Follower(stack, channel, urls) for urls in (sockets, sockets[::-1]) for _ in range(3)]
        try:
            with raters.at_work():
                raters.more(20)
                assert stop(stack.processes.pop("web")) == 0
                raters.more(20)
                stack.start("web")
                stack.wait_ready()
                raters.more(20)
                assert second.stop() == 0
                raters.more(20)
                second.start()
                raters.more(20)
            head = wait_until(lambda: _settled(stack, channel), what="the relay to number all")
            for follower in followers:
                wait_until(lambda follower=follower: len(follower.offsets) >= head, what="a follower to have all")  # type: ignore[misc]
        finally:
            for follower in followers:
                follower.end()
    for follower in followers:
        assert follower.offsets == list(range(1, head + 1))
        # All were on both servers, were told to go, and nothing else happened to them.
        assert follower.codes and set(follower.codes) == {3001}
    assert head >= raters.acknowledged
    rated = stack.query(
        "SELECT u.username, r.score FROM recipes_rating r JOIN accounts_user u ON u.id = r.user_id"
        " WHERE r.recipe_id = %s",
        recipe,
    )
    assert dict(rated).keys() == raters.last.keys()


def _settled(stack: Stack, channel: str) -> int:
    ((waiting, head),) = stack.query(
        'SELECT count(*) FILTER (WHERE "offset" IS NULL), max("offset") FROM realtime_streamevent WHERE channel = %s',
        channel,
    )
    return 0 if waiting else int(head)


def test_signing_out_on_one_server_closes_that_sessions_sockets_on_the_other(stack: Stack, customer: Person) -> None:
    with second_server(stack) as second:
        there = LiveSocket(stack, token=customer.access, url=second.ws_url)
        with LiveSocket(stack, url=second.ws_url) as another:
            customer.call("POST", "/api/auth/logout/", 204, json={"refresh": customer.refresh})
            while True:
                try:
                    there.read()
                except ConnectionClosed as closed:
                    assert closed.rcvd is not None and closed.rcvd.code == 3503
                    break
            assert another.command("ping") == {}
        there.close()


def test_people_see_who_is_on_the_other_server_until_it_is_killed(
    stack: Stack, seller: Person, customer: Person
) -> None:
    channel = f"recipe:{seller.publish()}"

    def present(socket: LiveSocket) -> list[str]:
        time.sleep(0.2)  # asked seldom enough for the limit on commands
        clients = socket.command("presence", channel=channel)["presence"]
        return sorted(info["user"] for info in clients.values())

    with second_server(stack) as second, LiveSocket(stack, token=seller.access) as here:
        here.subscribe(channel)
        there = LiveSocket(stack, token=customer.access, url=second.ws_url)
        there.subscribe(channel)
        both = sorted([str(seller.id), str(customer.id)])
        wait_until(lambda: present(here) == present(there) == both, what="presence on both servers")
        second.kill()
        there.close()
        wait_until(lambda: present(here) == [str(seller.id)], what="one to be gone")
