"""Media: uploads, pictures and films in one run; their tables."""

from collections.abc import Callable
from typing import Any

from benchmarks import films, images, uploads
from benchmarks.servers import Services
from benchmarks.tables import median, table


def measure(services: Services, *, repeats: int, quick: bool, say: Callable[[str], None]) -> dict[str, Any]:
    """{"uploads", "images", "films"}: see the modules of these names."""
    found: dict[str, Any] = {
        "uploads": uploads.measure(services, repeats=repeats, megabytes=128 if quick else 512, say=say)
    }
    say("  pictures")
    found["images"] = images.measure()
    found["films"] = films.measure(repeats=1 if quick else repeats, say=say)
    return found


def markdown(media: dict[str, Any]) -> list[str]:
    found = media["uploads"]
    rows = [
        [
            uploads.LABELS[system],
            f"{median(runs, 'mb_per_second'):,.0f}",
            f"{_ratio(found['ingest'], system, 'discard', 'mb_per_second'):.2f}",
            f"{median(runs, 'cpu_per_gb'):.2f}",
            f"{_ratio(found['ingest'], system, 'multipart', 'cpu_per_gb'):.2f}",
            f"{median(runs, 'server'):.0%}",
            f"{median(runs, 'others'):.0%}",
        ]
        for system, runs in found["ingest"].items()
    ]
    header = [
        f"bodies of 4 MiB on {uploads.CONNECTIONS} connections", "MB/s", "to discarding", "CPU s/GB", "to multipart",
        "server's core", "other cores",
    ]  # fmt: skip
    memory = [
        [size, f"{row['idle_kb']:,}", f"{row['grown_kb']:,}", f"{row['chunks_per_request']:.2f}"]
        for size, row in found["memory"].items()
    ]
    ends = [
        [size, *(f"{row[step]:.1f}" for step in ("seal", "store", "job"))] for size, row in found["finalize"].items()
    ]
    pictures = [
        [
            *(label, f"{row['peer']:.0f}", f"{row['simmer']:.0f}", f"{row['peer'] / row['simmer']:.1f}"),
            *(f"{row['whole']:.0f}", f"{row['psnr']:.1f} dB"),
        ]
        for label, row in media["images"].items()
    ]
    return [
        "## Media",
        table(header, rows),
        table(["an upload of", "server's memory, kB", "grown by", "in chunks for each request in flight"], memory),
        f"Sent again after a drop: {found['resent']['chunks_per_drop']:.2f} chunks.",
        table(["end of an upload of", "request, ms", "its storage step", "job"], ends),
        table(
            ["a photo of", "open, transpose, resize: CPU ms", "Simmer", "ratio", "in a worker", "PSNR"],
            pictures,
        ),
        _films(media["films"]),
    ]


def _films(found: dict[str, Any]) -> str:
    labels = {"simmer": "Simmer", "peer": "ffmpeg for each variant, defaults"}
    rows = []
    for system, label in labels.items():
        runs, first = found[system], found[system][0]
        cells = [f"{median(runs, 'real_time'):.2f}", f"{median(runs, 'cpu') / found['seconds']:.2f}"]
        for name in films.SIZES:
            cells += [f"{first[f'kbit.{name}']:,.0f}", f"{first[f'ssim.{name}']:.1f} dB"]
        rows.append([label, *cells])
    columns = [cell for name in films.SIZES for cell in (f"{name} kbit/s", "SSIM")]
    return table(["HLS of a film of 1080p", "x real time", "CPU s for each second", *columns], rows)


def _ratio(ingest: dict[str, Any], system: str, peer: str, name: str) -> float:
    return median(ingest[system], name) / median(ingest[peer], name)


def ingest_ratio(media: dict[str, Any], peer: str, name: str) -> float:
    """Chunks to a peer, by rate or by CPU."""
    return _ratio(media["uploads"]["ingest"], "chunks", peer, name)


def picture_ratio(media: dict[str, Any], label: str) -> float:
    row = media["images"][label]
    return float(row["peer"] / row["simmer"])


def end_ratio(media: dict[str, Any]) -> float:
    """What the end of a large upload takes (request and job), to a small one."""
    small, large = (sum(media["uploads"]["finalize"][size][step] for step in ("seal", "job")) for size in uploads.SIZES)
    return float(large / small)
