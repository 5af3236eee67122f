"""The part of the settings about mail: what the environment says, put together and checked. Fails loudly."""

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured

SMTP = "django.core.mail.backends.smtp.EmailBackend"
FILES = "django.core.mail.backends.filebased.EmailBackend"
OURS = "core.mail.SmtpBackend"


def public_url(env: environ.Env, *, default: str) -> str:
    """PUBLIC_URL without its last slash; ImproperlyConfigured for what is no address."""
    given: str = env.str("PUBLIC_URL", default=default)
    parts = urlsplit(given)
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment:
        raise ImproperlyConfigured(f"PUBLIC_URL is {given!r}: write it as https://simmer.example.")
    return given.rstrip("/")


def links(env: environ.Env, *, public_url: str) -> dict[str, str]:
    """Where mails lead, by name: an address of one's own app, or a page of Simmer's.

    Tokens stand behind the "#" of ours: that part is sent to no server, so no log along the way has it.
    """
    found = {
        "reset": env.str("PASSWORD_RESET_LINK", default=f"{public_url}/account/password/#{{token}}"),
        "verify": env.str("EMAIL_VERIFY_LINK", default=f"{public_url}/account/email/#{{token}}"),
        "recipe": env.str("RECIPE_LINK", default=f"{public_url}/#recipe-{{id}}"),
    }
    for name, place in {"reset": "{token}", "verify": "{token}", "recipe": "{id}"}.items():
        if place not in found[name]:
            raise ImproperlyConfigured(f"The link {found[name]!r} needs {place} where that belongs.")
    return found


def django(env: environ.Env, *, debug: bool, dev_dir: Path, public_url: str) -> dict[str, Any]:
    """Django's own mail settings: of EMAIL_URL, and over that the single variables."""
    url = env.str("EMAIL_URL", default="")
    named = environ.Env.email_url_config(url) if url else {}
    host: str = env.str("EMAIL_HOST", default=named.get("EMAIL_HOST") or "")
    tls: bool = env.bool("EMAIL_USE_TLS", default=named.get("EMAIL_USE_TLS", False))
    ssl: bool = env.bool("EMAIL_USE_SSL", default=named.get("EMAIL_USE_SSL", False))
    if tls and ssl:
        raise ImproperlyConfigured("EMAIL_USE_TLS and EMAIL_USE_SSL: set one (TLS with port 587, SSL with port 465).")
    usual = 465 if ssl else 587 if tls else 25
    backend: str = env.str("EMAIL_BACKEND", default=named.get("EMAIL_BACKEND", ""))
    if not backend and debug and not host:
        # Not to the log: mails hold links that open accounts.
        backend = FILES
    return {
        # Ours is Django's own, and knows of each message whether it was sent.
        "EMAIL_BACKEND": OURS if backend in ("", SMTP) else backend,
        "EMAIL_HOST": host or "localhost",
        "EMAIL_PORT": env.int("EMAIL_PORT", default=named.get("EMAIL_PORT") or usual),
        "EMAIL_HOST_USER": env.str("EMAIL_HOST_USER", default=named.get("EMAIL_HOST_USER") or ""),
        "EMAIL_HOST_PASSWORD": env.str("EMAIL_HOST_PASSWORD", default=named.get("EMAIL_HOST_PASSWORD") or ""),
        "EMAIL_USE_TLS": tls,
        "EMAIL_USE_SSL": ssl,
        # Seconds for each answer of the mail server.
        "EMAIL_TIMEOUT": 20,
        "EMAIL_FILE_PATH": named.get("EMAIL_FILE_PATH") or str(dev_dir / "mail"),
        "DEFAULT_FROM_EMAIL": env.str("DEFAULT_FROM_EMAIL", default=f"Simmer <simmer@{urlsplit(public_url).hostname}>"),
    }
