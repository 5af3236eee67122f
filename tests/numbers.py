"""Metrics as the tests read them."""

from prometheus_client.parser import text_string_to_metric_families


def numbers_in(text: str) -> dict[str, float]:
    """{name{label="value",...}: number} of what /metrics says, the labels in the order of their names."""
    found = {}
    for family in text_string_to_metric_families(text):
        for sample in family.samples:
            labels = ",".join(f'{name}="{value}"' for name, value in sorted(sample.labels.items()))
            found[f"{sample.name}{{{labels}}}" if labels else sample.name] = sample.value
    return found
