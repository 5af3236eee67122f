"""The ways to run Simmer (make run, Compose, Procfile, the tests' stack) start the same parts and serve every queue."""

import os
import re
import subprocess
from pathlib import Path
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


@pytest.mark.parametrize(("port", "ports"), [("9100", set(range(9100, 9107))), ("0", {0}), (None, {None})])
def test_processes_of_one_host_answer_monitors_at_ports_of_their_own(
    tmp_path: Path, port: str | None, ports: set[int | None]
) -> None:
    for program in ("celery", "python"):
        (tmp_path / program).write_text("#!/bin/sh\necho ${METRICS_PORT-None}\n")
        (tmp_path / program).chmod(0o755)
    env = {"PATH": f"{tmp_path}:{os.environ['PATH']}"} | ({"METRICS_PORT": port} if port else {})
    commands = [command for name, command in procfile().items() if name not in ("release", "web")]
    said = [
        subprocess.run(["sh", "-c", command], env=env, capture_output=True, text=True, check=True).stdout.strip()
        for command in commands
    ]
    assert {None if answer == "None" else int(answer) for answer in said} == ports
    assert port != "9100" or len(said) == len(ports)


def test_make_run_gives_each_process_a_port_for_monitors() -> None:
    services = [service for service in supervisor._services() if service.name != "web"]
    found = {service.env({"METRICS_PORT": "9100"})["METRICS_PORT"] for service in services}
    assert found == {"9100", "9101", "9102", "9103"}
    assert {service.env({"METRICS_PORT": "0"})["METRICS_PORT"] for service in services} == {"0"}
    assert [service.env({}) for service in services] == [{}] * 4
