"""What may be said of an error in the log and the admin: enough to find it, nothing that is secret."""

import os
import re
import traceback

LENGTH = 500

# Credentials in URLs, e-mail addresses, passwords and tokens.
_SECRETS = (
    (re.compile(r"://[^/\s@]*@"), "://…@"),
    (re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"), "…@…"),
    (re.compile(r"(?i)(password|secret|token|key)(\W{1,4})[^\s,;&'\"]+"), r"\1\2…"),
    (re.compile(r"\beyJ[\w.-]+|\b\w{32,}\b"), "…"),
)


def scrub(text: str) -> str:
    """TEXT without what is secret, at most 500 characters of it."""
    for pattern, substitute in _SECRETS:
        text = pattern.sub(substitute, text)
    return text[:LENGTH]


def describe(error: BaseException) -> str:
    """One line for people who operate this: the class, the scrubbed message, the file and line it came from."""
    place = ""
    if frames := traceback.extract_tb(error.__traceback__):
        place = f" ({os.path.basename(frames[-1].filename)}:{frames[-1].lineno})"
    return f"{type(error).__name__}: {scrub(str(error))}".removesuffix(": ") + place
