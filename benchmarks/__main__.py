"""`python -m benchmarks`: everything in one run; tables on the screen and in benchmarks/results/."""

import argparse
import json
import subprocess
import sys
import time
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks import machine, media, report, rest, sockets
from benchmarks.servers import Services, running_services

# Measured by programs of their own, in minutes: what the SQL costs at a few rows and at a million.
SQL = ("feed", "search")
RESULTS = Path(__file__).parent / "results"
PACKAGES = ["django", "djangorestframework", "daphne", "channels", "channels-redis", "twisted", "uvloop"]
_began = time.monotonic()


def say(line: str) -> None:
    print(f"{time.monotonic() - _began:5.0f} s {line}", flush=True)


def load(services: Services) -> dict[str, dict[str, Any]]:
    """Fills both databases with the same rows; ids and tokens of each."""
    services.execute("postgres", "CREATE DATABASE simmer", "CREATE DATABASE stock")
    loaders = {
        "simmer": (services.simmer_env(), [["manage.py", "migrate", "-v0"], ["-m", "benchmarks.load"]]),
        "stock": (
            services.peer_env("stock"),
            [["-m", "django", "migrate", "-v0"], ["-m", "benchmarks.peers.stock.load"]],
        ),
    }
    found = {}
    for name, (env, commands) in loaders.items():
        say(f"loading 100,000 recipes into {name}")
        outputs = [services.run(*command, env=env) for command in commands]
        found[name] = json.loads(outputs[-1])
        services.execute(name, "VACUUM ANALYZE")
    services.execute("postgres", "CHECKPOINT")
    return found


def main() -> None:
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="about a minute: one short run of each case")
    parser.add_argument("--only", choices=["rest", "sockets", "media", *SQL], help="one of the parts")
    parser.add_argument("--repeats", type=int, help="runs of each case (5, quick: 1)")
    parser.add_argument("--seconds", type=float, help="length of a run (5, quick: 2)")
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of the results")
    options = parser.parse_args()
    if sys.platform != "linux":
        parser.error("the benchmarks read /proc and pin processes to cores: they need Linux")
    quick: bool = options.quick
    repeats, seconds = options.repeats or (1 if quick else 5), options.seconds or (2.0 if quick else 5.0)
    machine.raise_file_limit()
    placement = (
        "The server under test has a core of its own; clients, PostgreSQL, Redis and the relay share the others."
        if machine.SEPARATE
        else "One core for everything: the figures are of little use."
    )
    result: dict[str, Any] = {
        "date": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": machine.describe(),
        "quick": quick,
        "repeats": repeats,
        "seconds": seconds,
        "placement": placement,
    }
    parts = [options.only] if options.only else ["rest", "sockets", "media", *(() if quick else SQL)]
    with running_services() as services:
        server_version = str(services.execute("postgres", "SHOW server_version")[0][0]).split()[0]
        packages = [f"{name} {version(name)}" for name in PACKAGES]
        result["versions"] = [f"PostgreSQL {server_version}", *packages]
        say(f"servers: {'; '.join(services.names)}")
        loaded = load(services) if {"rest", "sockets"} & set(parts) else {}
        if "rest" in parts:
            say("REST")
            result["rest"] = rest.measure(
                services, loaded, repeats=repeats, seconds=seconds, warm_up=not quick, say=say
            )
        if "sockets" in parts:
            say("sockets")
            result["sockets"] = sockets.measure(
                services, loaded, repeats=repeats, seconds=seconds, full=not quick, say=say
            )
        if "media" in parts:
            say("media")
            result["media"] = media.measure(services, repeats=repeats, quick=quick, say=say)
    for name in SQL:
        if name in parts:
            say(f"SQL of {name}")
            command = [sys.executable, "-m", f"benchmarks.{name}"]
            result[name] = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
    text = report.markdown(result)
    options.results.mkdir(parents=True, exist_ok=True)
    name = options.results / "-".join(filter(None, [result["date"], options.only, "quick" if quick else None]))
    name.with_suffix(".json").write_text(json.dumps(result, indent=1) + "\n")
    name.with_suffix(".md").write_text(text)
    print(f"\n{text}\nWritten to {name}.md and .json", flush=True)


if __name__ == "__main__":
    main()
