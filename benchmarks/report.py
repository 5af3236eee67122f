"""Figures as tables: medians, ratios within the run, and the goals of docs/benchmarks.md."""

import statistics
from collections.abc import Callable
from typing import Any

from benchmarks import media
from benchmarks.machine import STRANGERS
from benchmarks.sockets import BURST_SOCKETS, CALM_RATE, LABELS, RATE
from benchmarks.tables import median, table

Result = dict[str, Any]
AT_LEAST, AT_MOST = "at least", "at most"
# From this share of its core on, it is the server that limits the rate.
SERVER_FULL = 0.9


def markdown(result: Result) -> str:
    parts = [f"# Benchmark of {result['date']}", ", ".join([result["machine"], *result["versions"]]) + "."]
    parts.append(
        f"{'A quick run: medians' if result['quick'] else 'Medians'} of {result['repeats']} run(s) of"
        f" {result['seconds']:g} s, the systems in turns. {result['placement']}"
    )
    if "rest" in result:
        parts += _rest(result["rest"])
    if "sockets" in result:
        parts += _sockets(result["sockets"])
    if "media" in result:
        parts += media.markdown(result["media"])
    parts += [f"## SQL of {name}\n\n{result[name].strip()}" for name in ("feed", "search") if name in result]
    parts += ["## Goals", table(["", "reached", "goal", ""], _goals(result))]
    return "\n\n".join(parts) + "\n"


def _rest(rest: Result) -> list[str]:
    cases = rest["cases"]
    rows, notes = [], []
    base = _rate(cases, "list.stock")
    for case in cases.values():
        if case["skipped"]:
            rows.append([case["label"], f"skipped: {case['skipped']}", *[""] * 7])
            continue
        runs = case["runs"]
        rate = median(runs, "rate")
        rows.append(
            [
                case["label"] + ("" if case["server_limited"] else " †"),
                f"{rate:,.0f}",
                f"{rate / base:.1f}" if base else "",
                f"{median(runs, 'per_core_second'):,.0f}",
                f"{median(runs, 'p50'):.1f}",
                f"{median(runs, 'p99'):.1f}",
                f"{case['bytes']:,}",
                f"{median(runs, 'server'):.0%}",
                f"{median(runs, 'others'):.0%}",
            ]
        )
    header = ["", "req/s", "x stock list", "per core-s", "p50 ms", "p99 ms", "bytes", "server's core", "other cores"]
    if any(not case["server_limited"] and not case["skipped"] for case in cases.values()):
        notes.append("† The server's core was not full: PostgreSQL or the client held this case back.")
    strangers = max((load["strangers"] for case in cases.values() for load in case["runs"]), default=0.0)
    if strangers > STRANGERS:
        notes.append(_strangers(strangers))
    notes += [
        f"**{failed:,.0f} requests failed: {case['label']}.**"
        for case in cases.values()
        if (failed := sum(load["failed"] for load in case["runs"]))
    ]
    (ours, our_wrong), (theirs, their_wrong) = rest["counters"]["simmer"], rest["counters"]["stock"]
    notes.append(
        f"Counters afterwards: Simmer has {ours:,} ratings, {rest['counters']['events']:,} rating events and"
        f" {our_wrong} recipes whose counters are wrong; stock has {theirs:,} ratings and {their_wrong} such recipes."
        f" Posts whose likes or comments are counted wrong: {rest['counters']['wrong_posts']['simmer']} of Simmer's,"
        f" {rest['counters']['wrong_posts']['stock']} of stock's."
    )
    load = f"{rest['client']}, {rest['connections']} keep-alive connections; lists are 20 of 100,000 recipes."
    return ["## REST", f"Load: {load}", table(header, rows), *notes]


def _strangers(share: float) -> str:
    return f"**Other processes took up to {share:.0%} of the server's core: repeat this on an idle machine.**"


def _sockets(sockets: Result) -> list[str]:
    runs: dict[str, list[Result]] = sockets["runs"]
    first = next(iter(runs.values()))[0]
    flights = {key: f"W={key[7:]}" for key in first if key.startswith("flight.")}
    flights |= {key: f"W={key[6:]}, a message each" for key in first if key.startswith("apart.")}
    paces = [key for key in first if key.startswith("paced.")]
    rows: list[list[str]] = []

    # Each of Simmer's columns beside each peer's.
    peers = [system for system in ("tutorial", "socketio") if system in runs]
    pairs = [(ours, peer) for peer in peers for ours in ("simmer", "simmer.token")]

    def row(label: str, show: str, *path: str) -> None:
        values = {system: median(found, *path) for system, found in runs.items()}
        ratios = [f"{values[ours] / values[peer]:,.2f}" if values[peer] else "" for ours, peer in pairs]
        rows.append([label, *(format(value, show) for value in values.values()), *ratios])

    for key, w in flights.items():
        row(f"deliveries per server core-second, {w}", ",.0f", key, "per_core_second")
    for key, w in flights.items():
        row(f"deliveries a second, {w}", ",.0f", key, "per_second")
        rows[-1][1 : len(runs) + 1] = [
            cell + ("" if median(found, key, "server") > SERVER_FULL else " †")
            for cell, found in zip(rows[-1][1:], runs.values(), strict=False)
        ]
    for key, w in flights.items():
        row(f"server's core, {w}", ".0%", key, "server")
        row(f"other cores, {w}", ".0%", key, "others")
    for key in paces:
        row(f"p50 at {key[6:]} events a second, ms", ",.2f", key, "p50")
        row(f"p99 at {key[6:]} events a second, ms", ",.2f", key, "p99")
        row(f"server's core at {key[6:]} events a second", ".0%", key, "server")
        row(f"deliveries lost at {key[6:]} events a second", ",.0f", key, "lost")
    row("connections a second", ",.0f", "connect", "per_second")
    row("connections per server core-second", ",.0f", "connect", "per_core_second")
    row("kB per idle socket", ".1f", "connect", "kb")
    header = [*(LABELS[system] for system in runs), *(f"{LABELS[ours]} / {LABELS[peer]}" for ours, peer in pairs)]
    parts = [
        "## Sockets",
        f"{sockets['sockets']:,} sockets on one channel, events of 250 bytes; W events in flight.",
        table(["", *header], rows),
        "† The server's core was not full: the load client, on the other cores, held this one back. Read the figures"
        " per core-second there.",
        *(f"{LABELS[system]} was skipped: {reason}." for system, reason in sockets["skipped"].items()),
    ]
    strangers = max(
        phase.get("strangers", 0.0)
        for found in runs.values()
        for run in found
        for phase in run.values()
        if isinstance(phase, dict)
    )
    if strangers > STRANGERS:
        parts.append(_strangers(strangers))
    bursts = [
        [LABELS[system], key[6:], f"{burst['lost']:,} of {burst['expected']:,}", f"{burst['seconds']:.2f}"]
        for system, found in sockets["bursts"].items()
        for key, burst in found.items()
    ]
    parts.append(table(["100 sockets", "events at once", "deliveries lost", "seconds"], bursts))
    parts.append(_disturbed(sockets["disturbed"]))
    live = sockets["live"]
    rows = [
        [label, f"{live[key]['p50']:.1f}", f"{live[key]['p99']:.1f}"]
        for label, key in (
            ("request to 201", "201"),
            ("201 to event", "201_to_event"),
            ("commit to event", "commit_to_event"),
        )
    ]
    parts.append(table([f"{live['ratings']} ratings one by one, relay and all", "p50 ms", "p99 ms"], rows))
    return parts


def _disturbed(disturbed: dict[str, Result]) -> str:
    """What requests that wait and readers that stall do to the others."""
    header = [
        *(f"{BURST_SOCKETS} sockets", f"p99 at {CALM_RATE} events a second, ms", "while a request waits 0.8 s, ms"),
        *("deliveries of 4 kB a second, W=8", "beside readers that stall", "of those dropped", "memory grown, kB"),
    ]
    rows = []
    for system, found in disturbed.items():
        blocked, stalled = found.get(f"blocked.{CALM_RATE}"), found["stalled.8"]
        rows.append(
            [
                LABELS[system],
                f"{found[f'paced.{CALM_RATE}']['p99']:.1f}",
                f"{blocked['p99']:.1f}" if blocked else "",
                f"{stalled['alone']:,.0f}",
                f"{stalled['per_second']:,.0f}",
                f"{stalled['dropped']} of {stalled['stalled']}",
                f"{stalled['grown_kb']:,}",
            ]
        )
    return table(header, rows)


def _goals(result: Result) -> list[list[str]]:
    rows = []
    for label, figure, bound, goal, unit in _GOALS:
        try:
            value = figure(result)
        except (KeyError, ZeroDivisionError, statistics.StatisticsError):
            rows.append([label, "not measured", "", ""])
            continue
        if value != value:  # a case that was skipped
            rows.append([label, "not measured", "", ""])
            continue
        met = value <= goal if bound == AT_MOST else value >= goal
        shown = f"{value:,.3g}" if value < 1000 else f"{value:,.0f}"
        rows.append([label, shown + unit, f"{bound} {goal:g}{unit}", "yes" if met else "**no**"])
    return rows


def _rate(cases: Result, key: str) -> float:
    return median(cases[key]["runs"], "rate") if cases[key]["runs"] else 0.0


def _rest_ratio(key: str, base: str) -> Callable[[Result], float]:
    def figure(result: Result) -> float:
        cases = result["rest"]["cases"]
        return (_rate(cases, key) or float("nan")) / _rate(cases, base)

    return figure


def _socket_ratio(system: str, *path: str, peer: str = "tutorial") -> Callable[[Result], float]:
    def figure(result: Result) -> float:
        runs = result["sockets"]["runs"]
        return median(runs[system], *path) / median(runs[peer], *path)

    return figure


def _socket(system: str, *path: str) -> Callable[[Result], float]:
    return lambda result: median(result["sockets"]["runs"][system], *path)


def _delay_by_a_request(result: Result) -> float:
    found = result["sockets"]["disturbed"]["simmer"]
    return float(found[f"blocked.{CALM_RATE}"]["p99"] - found[f"paced.{CALM_RATE}"]["p99"])


def _media(figure: Callable[[dict[str, Any]], float]) -> Callable[[Result], float]:
    return lambda result: figure(result["media"])


def _live(name: str, percentile: str) -> Callable[[Result], float]:
    return lambda result: float(result["sockets"]["live"][name][percentile])


# What it is, how it is found, the goal and its unit.
_GOALS: list[tuple[str, Callable[[Result], float], str, float, str]] = [
    ("anonymous hot list through the gateway, to stock", _rest_ratio("list.gateway", "list.stock"), AT_LEAST, 150, "x"),
    (
        "uncached list, signed in and throttled, to stock",
        _rest_ratio("list.throttled", "list.stock"),
        AT_LEAST,
        20,
        "x",
    ),
    ("the same to stock's empty view", _rest_ratio("list.throttled", "empty"), AT_LEAST, 1.5, "x"),
    ("unchanged list (304) to the uncached list", _rest_ratio("unchanged", "list"), AT_LEAST, 2, "x"),
    ("recipe detail to stock's", _rest_ratio("detail", "detail.stock"), AT_LEAST, 15, "x"),
    ("rating with its event to stock's", _rest_ratio("rate", "rate.stock"), AT_LEAST, 6, "x"),
    ("post list to stock's", _rest_ratio("posts", "posts.stock"), AT_LEAST, 15, "x"),
    ("post detail to stock's", _rest_ratio("post", "post.stock"), AT_LEAST, 15, "x"),
    ("feed, newest first, to stock's", _rest_ratio("feed", "feed.stock"), AT_LEAST, 15, "x"),
    ("feed, ranked, to stock's", _rest_ratio("feed.ranked", "feed.stock"), AT_LEAST, 15, "x"),
    ("like with its event to stock's", _rest_ratio("like", "like.stock"), AT_LEAST, 6, "x"),
    ("comment with its event to stock's", _rest_ratio("comment", "comment.stock"), AT_LEAST, 6, "x"),
    ("recipes with wrong counters", lambda result: float(result["rest"]["counters"]["simmer"][1]), AT_MOST, 0, ""),
    (
        "posts with wrong counters",
        lambda result: float(result["rest"]["counters"]["wrong_posts"]["simmer"]),
        AT_MOST,
        0,
        "",
    ),
    (
        "deliveries a core-second, W=8, to the tutorial",
        _socket_ratio("simmer", "flight.8", "per_core_second"),
        AT_LEAST,
        100,
        "x",
    ),
    (
        "deliveries a core-second, W=1, to the tutorial",
        _socket_ratio("simmer", "flight.1", "per_core_second"),
        AT_LEAST,
        40,
        "x",
    ),
    (
        f"p99 at {RATE} events a second to the tutorial",
        _socket_ratio("simmer", f"paced.{RATE}", "p99"),
        AT_MOST,
        1,
        "x",
    ),
    (
        "deliveries a core-second, W=8, to socket.io",
        _socket_ratio("simmer", "flight.8", "per_core_second", peer="socketio"),
        AT_LEAST,
        4,
        "x",
    ),
    (
        "deliveries a core-second, W=1, to socket.io",
        _socket_ratio("simmer", "flight.1", "per_core_second", peer="socketio"),
        AT_LEAST,
        1.5,
        "x",
    ),
    (
        f"p99 at {RATE} events a second to socket.io's",
        _socket_ratio("simmer", f"paced.{RATE}", "p99", peer="socketio"),
        AT_MOST,
        1,
        "x",
    ),
    ("p99 more while a request waits 0.8 s", _delay_by_a_request, AT_MOST, 3, " ms"),
    (
        "connections a second with token to the tutorial",
        _socket_ratio("simmer.token", "connect", "per_second"),
        AT_LEAST,
        1.5,
        "x",
    ),
    (
        "the same a core-second",
        _socket_ratio("simmer.token", "connect", "per_core_second"),
        AT_LEAST,
        1.5,
        "x",
    ),
    ("kB per idle socket", _socket("simmer", "connect", "kb"), AT_MOST, 24, ""),
    ("kB per idle socket, signed in", _socket("simmer.token", "connect", "kb"), AT_MOST, 24, ""),
    (
        "lost of a burst of 400",
        lambda result: float(result["sockets"]["bursts"]["simmer"]["burst.400"]["lost"]),
        AT_MOST,
        0,
        "",
    ),
    (
        "lost of a burst of 5,000",
        lambda result: float(result["sockets"]["bursts"]["simmer"]["burst.5000"]["lost"]),
        AT_MOST,
        0,
        "",
    ),
    ("commit to event, idle, p50", _live("commit_to_event", "p50"), AT_MOST, 15, " ms"),
    ("commit to event, idle, p99", _live("commit_to_event", "p99"), AT_MOST, 40, " ms"),
    ("201 to event, p50", _live("201_to_event", "p50"), AT_MOST, 100, " ms"),
    (
        "chunks taken in to bodies discarded, 4 connections",
        _media(lambda found: media.ingest_ratio(found, "discard", "mb_per_second")),
        AT_LEAST,
        0.6,
        "x",
    ),
    (
        "CPU of chunks to DRF's multipart",
        _media(lambda found: media.ingest_ratio(found, "multipart", "cpu_per_gb")),
        AT_MOST,
        0.5,
        "x",
    ),
    ("the end of 1 GiB to that of 64 MiB", _media(media.end_ratio), AT_MOST, 1.5, "x"),
    (
        "storage step at the end of 1 GiB",
        _media(lambda found: float(found["uploads"]["finalize"]["1 GiB"]["store"])),
        AT_MOST,
        5,
        " ms",
    ),
    (
        "memory for each request in flight, file of 1 GiB",
        _media(lambda found: float(found["uploads"]["memory"]["1 GiB"]["chunks_per_request"])),
        AT_MOST,
        2,
        " chunks",
    ),
    (
        "bytes sent again after a drop",
        _media(lambda found: float(found["uploads"]["resent"]["chunks_per_drop"])),
        AT_MOST,
        1,
        " chunks",
    ),
    (
        "CPU of open, transpose, resize to ours, 12 MP",
        _media(lambda found: media.picture_ratio(found, "12 MP")),
        AT_LEAST,
        5,
        "x",
    ),
    ("the same at 48 MP", _media(lambda found: media.picture_ratio(found, "48 MP")), AT_LEAST, 6, "x"),
    (
        "likeness of the two, PSNR",
        _media(lambda found: min(row["psnr"] for row in found["images"].values())),
        AT_LEAST,
        41,
        " dB",
    ),
    (
        "HLS of 720p and 360p to real time",
        _media(lambda found: median(found["films"]["simmer"], "real_time")),
        AT_LEAST,
        4,
        "x",
    ),
]
