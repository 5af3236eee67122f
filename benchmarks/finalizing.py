# ruff: noqa: E402  (models can be imported once Django is set up)
"""The end of an upload, small and large: `python -m benchmarks.finalizing` in Simmer's environment, with OWNER.

Prints JSON, in ms: {"64 MiB": {"seal", "store", "job"}, "1 GiB": {...}}: medians of the request's transaction, of the
store's step (a rename), and of the whole job that does it.
"""

import json
import os
import statistics
import time
from collections.abc import Callable

import django

django.setup()

from accounts.models import User
from benchmarks.uploads import CHUNK, SIZES
from media_pipeline.extents import Writing
from media_pipeline.finalizing import FINALIZE
from media_pipeline.sealing import upload_seal
from media_pipeline.services import media_delete
from media_pipeline.sessions import upload_open
from media_pipeline.stores import store
from realtime.jobs import execute
from realtime.models import Job

# Now and then a commit waits for the disk, which has just taken a gigabyte.
RUNS = 15
# What a video begins with, as the job looks at that.
HEAD = b"\0\0\0\x18ftypmp42\0\0\0\0mp42isom"


def timed(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return 1000 * (time.perf_counter() - began)


def finalize(chunks: int) -> dict[str, float]:
    """One upload from its beginning; what its end took."""
    upload = upload_open(owner=User.objects.get(pk=os.environ["OWNER"]), length=chunks * CHUNK, chunk_size=CHUNK)
    body = HEAD + bytes(CHUNK - len(HEAD))
    for index in range(chunks):
        writing = Writing(upload, index * CHUNK, length=CHUNK)
        writing.append([body])
        writing.finish()
        writing.close()
    took = {"seal": timed(lambda: upload_seal(session=upload))}
    keep = store.keep

    def kept(*arguments: object) -> None:
        took["store"] = timed(lambda: keep(*arguments))  # type: ignore[arg-type]

    store.keep = kept  # type: ignore[method-assign]
    job = Job.objects.get(task=FINALIZE)
    took["job"] = timed(lambda: execute(job.id))
    store.keep = keep  # type: ignore[method-assign]
    # Nobody would play it.
    Job.objects.all().delete()
    upload.refresh_from_db()
    assert upload.media is not None and "store" in took
    media_delete(media=upload.media)
    return took


def main() -> None:
    found: dict[str, list[dict[str, float]]] = {name: [] for name in SIZES}
    for _ in range(RUNS):
        for name, chunks in SIZES.items():
            found[name].append(finalize(chunks))
    medians = {
        name: {step: round(statistics.median(run[step] for run in runs), 2) for step in ("seal", "store", "job")}
        for name, runs in found.items()
    }
    print(json.dumps(medians))


if __name__ == "__main__":
    main()
