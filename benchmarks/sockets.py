"""Sockets: the hub against the tutorial's consumer and socket.io in turns, on fresh servers; the way from a rating."""

import json
import statistics
from collections.abc import Callable
from contextlib import nullcontext
from typing import Any

from benchmarks.machine import OTHER_CORES, STRANGERS
from benchmarks.servers import Services, WebServer, without_socketio

SOCKETS = 1_000
BURST_SOCKETS = 100
# The event a second of a lively channel, and the events in flight of a busy one.
RATE = 10
# Of the small group whose peace is disturbed: what the tutorial's consumer can still deliver to it.
CALM_RATE = 20
LABELS = {
    "tutorial": "tutorial consumer",
    "socketio": "socket.io",
    "simmer": "Simmer",
    "simmer.token": "Simmer, signed-in readers",
}

Say = Callable[[str], None]


class Passes:
    """Runs the load client against one system after another; each pass has a recipe (or room) of its own."""

    def __init__(self, services: Services, loaded: dict[str, dict[str, Any]], say: Say) -> None:
        self.services, self.say = services, say
        self.tokens: list[str] = loaded["simmer"]["tokens"]
        self.rated, self.next_key = loaded["simmer"]["recipes"]

    def run(self, system: str, *, sockets: int, phases: list[list[Any]], relay: bool = False) -> dict[str, Any]:
        name, _, variant = system.partition(".")
        services = self.services
        with services.relay() if relay else nullcontext(), self._server(name) as server:
            self.next_key -= 1
            spec = {
                "system": name,
                "port": server.port,
                "pid": server.pid,
                "key": self.next_key,
                "sockets": sockets,
                "tokens": self.tokens if variant == "token" else None,
                "raters": self.tokens,
                "rated": self.rated,
                "phases": phases,
            }
            client = ("-m", "benchmarks.socket_client")
            output = services.run(*client, env=self._client_env(name), cores=OTHER_CORES, text=json.dumps(spec))
            server.require_running()
        found: dict[str, Any] = json.loads(output)
        return found

    def _server(self, name: str) -> WebServer:
        if name == "simmer":
            return self.services.simmer("simmer-sockets")
        return self.services.socketio() if name == "socketio" else self.services.tutorial()

    def _client_env(self, name: str) -> dict[str, str]:
        services = self.services
        if name == "socketio":
            return {**services.base, "REDIS_URL": services.redis}
        return services.simmer_env() if name == "simmer" else services.peer_env(name)


def measure(
    services: Services, loaded: dict[str, dict[str, Any]], *, repeats: int, seconds: float, full: bool, say: Say
) -> dict[str, Any]:
    passes = Passes(services, loaded, say)
    phases: list[list[Any]] = [["paced", RATE, seconds], ["flight", 1, seconds], ["flight", 8, seconds]]
    if full:
        phases += [["apart", 8, seconds], ["flight", 64, seconds], ["paced", 2, seconds]]
    skipped: dict[str, str] = {}
    if reason := without_socketio():
        skipped["socketio"] = reason
        say(f"  {LABELS['socketio']} is skipped: {reason}")
    runs: dict[str, list[dict[str, Any]]] = {system: [] for system in LABELS if system not in skipped}
    for repeat in range(1, repeats + 1):
        for system in runs:
            found = passes.run(system, sockets=SOCKETS, phases=phases)
            runs[system].append(found)
            one, eight, paced = found["flight.1"], found["flight.8"], found[f"paced.{RATE}"]
            say(
                f"  [{repeat}/{repeats}] {LABELS[system]:28} {found['connect']['per_second']:7,.0f} connects/s"
                f" {found['connect']['kb']:5.1f} kB/socket   deliveries per core-second:"
                f" W=1 {one['per_core_second']:9,.0f}  W=8 {eight['per_core_second']:9,.0f}"
                f"   {RATE} ev/s p99 {paced['p99']:8.1f} ms" + _trouble(found)
            )
    burst_sizes = [400, 5_000] if full else [400]
    bursts: dict[str, Any] = {}
    for system in ("tutorial", "simmer"):
        found = passes.run(
            system, sockets=BURST_SOCKETS, phases=[["burst", count] for count in burst_sizes], relay=system == "simmer"
        )
        bursts[system] = {key: value for key, value in found.items() if key.startswith("burst")}
        for key, burst in bursts[system].items():
            say(
                f"  {LABELS[system]:28} {key.partition('.')[2]:>5} events at once to {BURST_SOCKETS} sockets:"
                f" {burst['lost']:,} of {burst['expected']:,} lost, {burst['seconds']:.2f} s"
            )
    return {
        "sockets": SOCKETS,
        "rate": RATE,
        "skipped": skipped,
        "runs": runs,
        "bursts": bursts,
        "disturbed": {system: _disturbed(passes, system, seconds, say) for system in runs if system != "simmer.token"},
        "live": _live(passes, full, say),
    }


def _disturbed(passes: Passes, system: str, seconds: float, say: Say) -> dict[str, Any]:
    """A small group's latency and throughput: undisturbed, beside requests that wait, beside readers that stall."""
    phases: list[list[Any]] = [["paced", CALM_RATE, seconds], ["stalled", 8, seconds]]
    if system != "socketio":
        phases.insert(1, ["blocked", CALM_RATE, max(seconds, 3.0)])
    found = passes.run(system, sockets=BURST_SOCKETS, phases=phases)
    calm, stalled = found[f"paced.{CALM_RATE}"], found["stalled.8"]
    blocked = found.get(f"blocked.{CALM_RATE}")
    say(
        f"  {LABELS[system]:28} {BURST_SOCKETS} sockets, {CALM_RATE} ev/s: p99 {calm['p99']:.1f} ms"
        + (f", while a request waits 0.8 s {blocked['p99']:.1f} ms" if blocked else "")
        + f"; 4-kB events {stalled['alone']:,.0f}/s, beside {stalled['stalled']} that read nothing"
        f" {stalled['per_second']:,.0f}/s, {stalled['dropped']} dropped, {stalled['grown_kb']:,} kB more"
        + _trouble(found)
    )
    return found


def _trouble(found: dict[str, Any]) -> str:
    lost = sum(phase["lost"] for phase in found.values() if isinstance(phase, dict) and "lost" in phase)
    parts = [(lost, "lost"), (found["closed"], "closed"), (found["disorder"], "out of order")]
    strangers = max(phase["strangers"] for phase in found.values() if isinstance(phase, dict) and "strangers" in phase)
    return "".join(f"   {count:,} {what.upper()}" for count, what in parts if count) + (
        f"   STRANGERS {strangers:.0%}" if strangers > STRANGERS else ""
    )


def _live(passes: Passes, full: bool, say: Say) -> dict[str, Any]:
    """Latencies in ms of ratings on an idle system: request to 201, 201 to event, commit to event."""
    services = passes.services
    ratings = 500 if full else 100
    with services.relay(), services.simmer("simmer-live") as server:
        services.wait_for_relay()
        recipe = passes.next_key = passes.next_key - 1
        spec = {"port": server.port, "recipe": recipe, "tokens": passes.tokens, "ratings": ratings}
        output = services.run(
            "-m", "benchmarks.live_client", env=services.simmer_env(), cores=OTHER_CORES, text=json.dumps(spec)
        )
    rows = json.loads(output)
    commits: dict[int, float] = dict(
        services.execute(
            "simmer",
            "SELECT id, extract(epoch FROM pg_xact_commit_timestamp(xmin))::float FROM recipes_rating"
            f" WHERE recipe_id = {recipe}",
        )
    )
    figures = {
        "201": [row["answered"] - row["sent"] for row in rows],
        "201_to_event": [row["arrived"] - row["answered"] for row in rows],
        "commit_to_event": [row["arrived"] - commits[row["id"]] for row in rows],
    }
    found = {
        name: {"p50": statistics.median(values) * 1e3, "p99": sorted(values)[len(values) * 99 // 100] * 1e3}
        for name, values in figures.items()
    }
    say(
        "  a rating on an idle system: "
        + ", ".join(f"{name.replace('_', ' ')} p50 {f['p50']:.1f} p99 {f['p99']:.1f} ms" for name, f in found.items())
    )
    return {"ratings": ratings, **found}
