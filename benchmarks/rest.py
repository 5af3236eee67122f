"""REST: each case of Simmer against its stock counterpart, in turns, so that the machine's moods strike all alike."""

import contextlib
import http.client
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from benchmarks import data, http_load
from benchmarks.http_load import Load, request
from benchmarks.machine import STRANGERS
from benchmarks.servers import Services, WebServer, without_nginx

LIST = "/api/recipes/"
POSTS = "/api/posts/"
# A throttle that counts every request and never refuses one.
COUNTING = {"THROTTLE_ANON": "100000000/min", "THROTTLE_USER": "100000000/min"}
# So many recipes or posts are written to, and so many writes are prepared for a run.
WRITTEN = 500
WRITES_PER_RUN = 20_000

# The requests of one run, given how often the case ran before.
Requests = Callable[[int], Sequence[str]]


@dataclass
class Case:
    """A kind of request to one server. `status` is what it must answer."""

    key: str
    label: str
    server: WebServer
    requests: Requests
    status: int = 200
    body_bytes: int = 0
    skipped: str = ""
    runs: list[Load] = field(default_factory=list)

    def probe(self) -> None:
        """Asks once: a route that is not there is skipped and said so, any other surprise ends the run."""
        raw = self.requests(-1)[0]
        head, _, body = raw.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        method, path, _ = first.split()
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=60)
        with contextlib.closing(connection):
            connection.request(method, path, body or None, dict(line.split(": ", 1) for line in lines))
            answer = connection.getresponse()
            content = answer.read()
        if answer.status != self.status and answer.status in (404, 405, 501):
            self.skipped = f"{method} {path} answers {answer.status}"
        elif answer.status != self.status:
            raise SystemExit(f"{self.label}: {answer.status} instead of {self.status}: {content[:500]!r}")
        self.body_bytes = len(content)


def measure(
    services: Services,
    loaded: dict[str, dict[str, Any]],
    *,
    repeats: int,
    seconds: float,
    warm_up: bool,
    say: Callable[[str], None],
) -> dict[str, Any]:
    """Runs everything; {"cases": {key: ...}, "ratings": the check of the counters}."""
    with contextlib.ExitStack() as stack:
        simmer = stack.enter_context(services.simmer("simmer"))
        gateway = simmer if without_nginx() else stack.enter_context(services.gateway(simmer))
        counting = stack.enter_context(services.simmer("simmer-counting", **COUNTING))
        stock = stack.enter_context(services.stock())
        hello = stack.enter_context(services.hello())
        stack.enter_context(services.relay())
        cases = _cases(simmer, gateway, counting, stock, hello, loaded)
        for case in cases:
            if not case.skipped:
                case.probe()
            if case.skipped:
                say(f"  skipped: {case.label}: {case.skipped}")
        cases_run = [case for case in cases if not case.skipped]
        if warm_up:  # caches fill, the interpreter specializes
            for case in cases_run:
                http_load.run(services, case.server, case.requests(0), seconds=1)
        for repeat in range(1, repeats + 1):
            for case in cases_run:
                load = http_load.run(services, case.server, case.requests(repeat), seconds=seconds)
                case.runs.append(load)
                say(
                    f"  [{repeat}/{repeats}] {case.label:58} {load.rate:8,.0f} req/s   p50 {load.p50:6.1f} ms"
                    f"   {load.per_core_second:7,.0f} per core-second"
                    + (f"   {load.failed} FAILED" if load.failed else "")
                    + (f"   STRANGERS {load.strangers:.0%}" if load.strangers > STRANGERS else "")
                )
    return {
        "client": http_load.CLIENT,
        "connections": http_load.CONNECTIONS,
        "cases": {
            case.key: {
                "label": case.label,
                "bytes": case.body_bytes,
                "skipped": case.skipped,
                "runs": [load.as_dict() for load in case.runs],
                "server_limited": all(load.server_limited for load in case.runs),
            }
            for case in cases
        },
        "counters": _wrong_counters(services),
    }


def _cases(
    simmer: WebServer,
    gateway: WebServer,
    counting: WebServer,
    stock: WebServer,
    hello: WebServer,
    loaded: dict[str, dict[str, Any]],
) -> list[Case]:
    ours, theirs = loaded["simmer"], loaded["stock"]
    token, stock_token = ours["tokens"][0], theirs["tokens"][0]
    return [
        Case("list.stock", "list, stock DRF, page numbers", stock, _always(request("GET", LIST))),
        Case("list", "list, Simmer", simmer, _always(request("GET", LIST))),
        Case("list.stock.token", "list, stock, signed in", stock, _always(request("GET", LIST, token=stock_token))),
        Case("list.token", "list, Simmer, signed in", simmer, _always(request("GET", LIST, token=token))),
        Case(
            "list.throttled",
            "list, Simmer, signed in and counted by the throttle",
            counting,
            _always(request("GET", LIST, token=token)),
        ),
        Case(
            "list.gateway",
            "list, anonymous and hot, through the gateway",
            gateway,
            _always(request("GET", LIST)),
            skipped=without_nginx(),
        ),
        Case("list.cursor", "list, stock DRF, cursor pages", stock, _always(request("GET", "/api/cursor-recipes/"))),
        Case("empty", "empty view, stock Django", stock, _always(request("GET", "/empty/"))),
        Case("hello", "hello, raw Daphne", hello, _always(request("GET", "/"))),
        Case("unchanged", "list unchanged (304), Simmer", simmer, _always(_conditional(simmer)), status=304),
        Case("detail.stock", "detail, stock", stock, _details(theirs)),
        Case("detail", "detail, Simmer", simmer, _details(ours)),
        Case("posts.stock", "posts, stock, page numbers", stock, _always(request("GET", POSTS))),
        Case("posts", "posts, Simmer", simmer, _always(request("GET", POSTS))),
        Case("posts.token", "posts, Simmer, signed in", simmer, _always(request("GET", POSTS, token=token))),
        Case("post.stock", "post, stock", stock, _posts(theirs)),
        Case("post", "post, Simmer", simmer, _posts(ours)),
        Case("feed.stock", "feed, stock (IN subquery)", stock, _feeds(theirs, "")),
        Case("feed", "feed, newest first, Simmer", simmer, _feeds(ours, "?order=latest")),
        Case("feed.ranked", "feed, ranked, Simmer", simmer, _feeds(ours, "?order=ranked")),
        Case("like.stock", "like, stock (count)", stock, _likes(theirs)),
        Case("like", "like, Simmer (event included)", simmer, _likes(ours)),
        Case("comment.stock", "comment, stock (count)", stock, _comments(theirs), status=201),
        Case("comment", "comment, Simmer (event included)", simmer, _comments(ours), status=201),
        Case("rate.stock", "rate, stock (average and count)", stock, _ratings(theirs), status=201),
        Case("rate", "rate, Simmer (event included)", simmer, _ratings(ours), status=201),
    ]


def _always(raw: str) -> Requests:
    return lambda run: [raw]


def _conditional(server: WebServer) -> str:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    with contextlib.closing(connection):
        # The next page's address is part of the body, and Host of that.
        connection.request("GET", LIST, headers={"Host": "127.0.0.1"})
        answer = connection.getresponse()
        answer.read()
        etag = answer.headers.get("ETag", '"no ETag"')
    return request("GET", LIST, headers=[f"If-None-Match: {etag}"])


def _details(loaded: dict[str, Any]) -> Requests:
    last = loaded["recipes"][1]
    ids = random.Random(1).sample(range(last - data.DETAILED + 1, last + 1), 500)
    requests = [request("GET", f"{LIST}{recipe_id}/") for recipe_id in ids]
    return lambda run: requests


def _posts(loaded: dict[str, Any]) -> Requests:
    ids = random.Random(2).sample(range(loaded["statuses"][0], loaded["statuses"][1] + 1), 500)
    requests = [request("GET", f"{POSTS}{post_id}/") for post_id in ids]
    return lambda run: requests


def _feeds(loaded: dict[str, Any], query: str) -> Requests:
    """The feeds of the people that have one, in turn."""
    requests = [request("GET", f"/api/feed/{query}", token=token) for token in loaded["tokens"][: data.FEEDS]]
    return lambda run: requests


def _ratings(loaded: dict[str, Any]) -> Requests:
    """First ratings only."""
    return _once_each(
        loaded,
        loaded["recipes"][0],
        lambda number, recipe_id, token: request(
            "POST", f"{LIST}{recipe_id}/rate/", token=token, body={"score": 1 + number % 5, "review": ""}
        ),
    )


def _likes(loaded: dict[str, Any]) -> Requests:
    """First likes only."""
    return _once_each(
        loaded,
        loaded["statuses"][0],
        lambda number, post_id, token: request("PUT", f"{POSTS}{post_id}/like/", token=token),
    )


def _comments(loaded: dict[str, Any]) -> Requests:
    return _once_each(
        loaded,
        loaded["statuses"][0] + WRITTEN,
        lambda number, post_id, token: request(
            "POST", f"{POSTS}{post_id}/comments/", token=token, body={"text": f"Made it {number} times, always good."}
        ),
    )


def _once_each(loaded: dict[str, Any], first: int, write: Callable[[int, int, str], str]) -> Requests:
    """`write(number, id, token)` of things in turn from FIRST on: no pair of person and thing comes twice in all runs.

    A few hundred things, so that those who write at the same time meet.
    """
    tokens = loaded["tokens"]
    pairs = len(tokens) * WRITTEN

    def requests(run: int) -> list[str]:
        # The probe (run -1) takes the last pair of all.
        begin = run * WRITES_PER_RUN if run >= 0 else pairs - 1
        return [
            write(number, first + number % WRITTEN, tokens[number // WRITTEN])
            for number in range(begin, min(begin + WRITES_PER_RUN, pairs))
        ]

    return requests


def _wrong_counters(services: Services) -> dict[str, Any]:
    """How many ratings there are, and of how many recipes the stored count differs from them."""
    rated = "(SELECT recipe_id, count(*) AS n, sum(score) AS s FROM {table} GROUP BY 1) t"
    ours, theirs = rated.format(table="recipes_rating"), rated.format(table="stock_rating")
    found: dict[str, Any] = {}
    found["simmer"] = services.execute(
        "simmer",
        "SELECT coalesce(sum(n), 0)::int, count(*) FILTER (WHERE n <> rating_count OR s <> rating_sum)::int"
        f" FROM recipes_recipe r JOIN {ours} ON t.recipe_id = r.id",
    )[0]
    found["stock"] = services.execute(
        "stock",
        "SELECT coalesce(sum(n), 0)::int, count(*) FILTER (WHERE n <> rating_count)::int"
        f" FROM stock_recipe r JOIN {theirs} ON t.recipe_id = r.id",
    )[0]
    events = services.execute("simmer", "SELECT count(*)::int FROM realtime_streamevent WHERE type LIKE 'rating.%'")[0]
    found["events"] = events[0]
    wrong = (
        "SELECT count(*)::int FROM {post} p WHERE like_count <> (SELECT count(*) FROM {like} l WHERE l.post_id = p.id)"
        " OR comment_count <> (SELECT count(*) FROM {comment} c WHERE c.post_id = p.id)"
    )
    ours = wrong.format(post="posts_post", like="posts_postreaction", comment="posts_comment")
    theirs = wrong.format(post="stock_post", like="stock_like", comment="stock_comment")
    found["wrong_posts"] = {
        "simmer": services.execute("simmer", ours)[0][0],
        "stock": services.execute("stock", theirs)[0][0],
    }
    return found
