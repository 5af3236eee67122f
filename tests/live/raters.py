"""People who write without pause, and remember what was acknowledged."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle

import httpx

from tests.live.people import Person
from tests.stack import wait_until


class Raters:
    """They rate a recipe over and over, each with a score of its own turn. At `urls`: who finds one down goes on at the
    next, as behind a balancer."""

    def __init__(self, people: list[Person], recipe: int, *, urls: list[str] | None = None) -> None:
        self.people = people
        self.recipe = recipe
        self.urls = urls or [people[0].stack.url]
        self.acknowledged = 0
        self.last: dict[str, int] = {}
        self._stop = threading.Event()
        self._lock = threading.Lock()

    @contextmanager
    def at_work(self) -> Iterator[None]:
        threads = [threading.Thread(target=self._rate, args=(n, person)) for n, person in enumerate(self.people)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join()

    def more(self, count: int) -> None:
        """Returns when COUNT more ratings were acknowledged."""
        goal = self.acknowledged + count
        wait_until(lambda: self.acknowledged >= goal, what=f"{count} more ratings", seconds=60)

    def _rate(self, number: int, person: Person) -> None:
        urls = cycle(self.urls)
        for _ in range(number % len(self.urls) + 1):
            url = next(urls)
        score = 1
        while not self._stop.is_set():
            try:
                answer = person.rest.post(f"{url}/api/recipes/{self.recipe}/rate/", json={"score": score})
            except httpx.TransportError:
                # The server is down; it may have stored this or not. The same once more, as a second event of the
                # same score does not exist.
                url = next(urls)
                continue
            if answer.status_code in (200, 201):
                with self._lock:
                    self.acknowledged += 1
                    self.last[person.username] = score
                score = score % 5 + 1
            else:
                assert answer.status_code == 503, answer.text
