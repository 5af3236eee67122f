"""The ways to run Simmer (make run, Compose, Procfile, the tests' stack) start the same parts and serve every queue."""

import re
from typing import Any

import pytest
import yaml

from core import supervisor
from core.queues import QUEUES
from tests.services import ROOT
from tests.stack import COMMANDS


def compose() -> dict[str, Any]:
    services: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
    return services


def procfile() -> dict[str, str]:
    return dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines())


def ways() -> dict[str, list[str]]:
    """The commands of each way, as one line each."""
    return {
        "make run": [" ".join(service.command) for service in supervisor._services()],
        "Compose": [" ".join(service.get("command", ["-m core.server"])) for service in compose().values()],
        "Procfile": list(procfile().values()),
    }


@pytest.mark.parametrize("way", ways())
def test_every_part_is_started(way: str) -> None:
    commands = ways()[way]
    for part in ("core.server", "manage.py relay", " worker ", " beat"):
        assert [command for command in commands if part in f"{command} "], f"{way} does not start {part}"


@pytest.mark.parametrize("commands", [*ways().values(), [" ".join(COMMANDS["worker"])]], ids=[*ways(), "tests"])
def test_every_queue_has_a_worker(commands: list[str]) -> None:
    served = [queue for command in commands for names in re.findall(r"-Q (\S+)", command) for queue in names.split(",")]
    assert sorted(served) == sorted(QUEUES)


def test_compose_starts_the_parts_only_once_the_database_is_ready() -> None:
    services = compose()
    for name, service in services.items():
        if service.get("build"):
            waits = service["depends_on"]
            expected = {"db": "service_healthy"} if name == "migrate" else {
                "migrate": "service_completed_successfully",
                "redis": "service_healthy",
            }  # fmt: skip
            assert {other: how["condition"] for other, how in waits.items()} == expected, name


def test_only_the_gateway_is_reached_from_outside() -> None:
    assert [name for name, service in compose().items() if "ports" in service] == ["gateway"]
    assert compose()["gateway"]["ports"] == ["${GATEWAY_PORT:-5000}:5000"]
