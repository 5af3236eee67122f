"""Measures Simmer against named peers, everything in one run on one machine: `make bench` (docs/benchmarks.md)."""
