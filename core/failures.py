"""What may be said of an error in the log and the admin: enough to find it, nothing that is secret."""

import os
import traceback

from core.scrubbing import scrub

LENGTH = 500


def shown(text: str) -> str:
    """TEXT without what is secret, at most 500 characters of it."""
    return scrub(text)[:LENGTH]


def describe(error: BaseException) -> str:
    """One line for people who operate this: the class, the scrubbed message, the file and line it came from."""
    place = ""
    if frames := traceback.extract_tb(error.__traceback__):
        place = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})"
    return f"{type(error).__name__}: {shown(str(error))}".removesuffix(": ") + place
