"""docs/operations.md names every metric, and its alarms ask for metrics that are there."""

import re

import yaml
from prometheus_client.metrics_core import Metric

import core.asgi  # noqa: F401  registers what web processes count
from core import metrics
from realtime.relay import Relay
from realtime.relay_metrics import of_relay
from tests.services import ROOT

MANUAL = (ROOT / "docs/operations.md").read_text()


def is_ours(metric: Metric) -> bool:
    return metric.name.startswith("simmer_")


def known() -> set[str]:
    """The names of all metrics as Prometheus has them."""
    families = [*metrics._own.collect(), *of_relay(Relay())()]
    families += [metric for collector in metrics._shared._collector_to_names for metric in collector.collect()]
    return {metric.name + ("_total" if metric.type == "counter" else "") for metric in families if is_ours(metric)}


def test_every_metric_is_in_the_manual(db: None) -> None:
    missing = {name for name in known() if not re.search(rf"`{name}[`{{]", MANUAL)}
    assert missing == set()


def test_the_manual_names_no_metric_that_is_gone(db: None) -> None:
    named = {re.sub(r"_bucket$", "", name) for name in re.findall(r"\bsimmer_[a-z_]+", MANUAL)}
    assert named - known() - {"simmer_files"} == set()


def test_its_alarms_are_rules() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", MANUAL, re.DOTALL)
    [alarms] = [yaml.safe_load(block) for block in blocks if block.startswith("groups:")]
    rules = alarms["groups"][0]["rules"]
    what_to_do = MANUAL.partition("## What to do when")[2]
    assert [rule["alert"] for rule in rules if f"`{rule['alert']}`" not in what_to_do] == []
    assert all(set(rule) <= {"alert", "expr", "for"} for rule in rules)
