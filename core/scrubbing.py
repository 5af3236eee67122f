"""What must not reach a log, the admin or Sentry: passwords, tokens, credentials in URLs, e-mail addresses.

It is the last fence, not the first: nothing here is a reason to log any of these.
"""

import re
from collections.abc import Callable

_NAMES = (
    *("passw", "secret", "token", "ticket", "api_key", "apikey", "authorization", "cookie"),
    *("sessionid", "session_id", "signature"),
)

# What to look for first, as it is cheap; then the pattern, and what stands in its place. Each pattern begins where the
# text before cannot prolong it, so that a long text costs no more than its length.
_SECRETS: tuple[tuple[Callable[[str], object], re.Pattern[str], str], ...] = (
    # Credentials in URLs.
    (lambda text: "://" in text, re.compile(r"://[^/\s@]*@"), "://…@"),
    (
        lambda text: "@" in text or "%40" in text,
        re.compile(r"(?<![\w.+-])[\w.+-]+(?:@|%40)[\w-]+(?:\.[\w-]+)+"),
        "…@…",
    ),
    # Headers of authorization.
    (
        re.compile(r"bearer|basic", re.IGNORECASE).search,
        re.compile(r"\b(bearer|basic)\s+[\w.~+/=-]+", re.IGNORECASE),
        r"\1 …",
    ),
    # Values of what is named so: name=value, name: "value", 'name': 'value', and PostgreSQL's (name)=(value).
    (
        lambda text: names_a_secret(text),
        re.compile(
            rf"({'|'.join(_NAMES)})"
            r"(\w*['\")]?\s{0,4}[=:]\s{0,4})(?:\([^)]*\)?|[bru]?'[^']*'?|[bru]?\"[^\"]*\"?|[^\s,;&'\")}\]]+)",
            re.IGNORECASE,
        ),
        r"\1\2…",
    ),
    # JSON Web Tokens, whatever they are called.
    (lambda text: "eyJ" in text, re.compile(r"(?<![\w.-])eyJ[\w-]+(?:\.[\w-]*)*"), "…"),
    # Long random words. What is spelt in small letters alone is a name of ours, and a UUID the id of a row.
    (
        re.compile(r"(?<![\w-])[\w-]{32}").search,
        re.compile(
            r"(?<![\w-])(?![a-z_-]+(?![\w-]))(?![0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}(?![\w-]))[\w-]{32,}"
        ),
        "…",
    ),
)


def scrub(text: str) -> str:
    """TEXT with an ellipsis in the place of every secret."""
    for may_have, pattern, substitute in _SECRETS:
        if may_have(text):
            text = pattern.sub(substitute, text)
    return text


def names_a_secret(text: str) -> bool:
    """Whether TEXT holds the name of something secret."""
    text = text.lower()
    return any(name in text for name in _NAMES)
