"""The part of the settings about the database: which one the environment names, and how it is opened."""

from pathlib import Path
from typing import Any

import environ


def django(env: environ.Env, *, dev_dir: Path) -> dict[str, Any]:
    """The default database in Django's terms: DATABASE_URL, else PostgreSQL in parts, else SQLite in `dev_dir`."""
    if url := env.str("DATABASE_URL", default=""):
        config: dict[str, Any] = dict(env.db_url_config(url))
    elif parts := _in_parts(env):
        config = parts
    else:
        dev_dir.mkdir(mode=0o700, parents=True, exist_ok=True)  # OSError says why it cannot be made
        config = {"ENGINE": "django.db.backends.sqlite3", "NAME": str(dev_dir / "simmer.sqlite3")}
    options = config.setdefault("OPTIONS", {})
    if "sqlite3" in config["ENGINE"]:
        options.setdefault("timeout", 20)
        options.setdefault("transaction_mode", "IMMEDIATE")
        options.setdefault("init_command", "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;")
    else:
        config["ENGINE"] = "core.postgresql"
        options.setdefault("connect_timeout", 5)
    # Threads of the one-hop handler live as long as the process, so their sessions do; each request checks first.
    config["CONN_MAX_AGE"] = env.int("CONN_MAX_AGE", default=600)
    config["CONN_HEALTH_CHECKS"] = True
    config.setdefault("ATOMIC_REQUESTS", False)
    return config


def _in_parts(env: environ.Env) -> dict[str, Any] | None:
    """PostgreSQL by the names of earlier systems, DATABASE_* or DB_*; None when none of them is set.

    One of them is enough: a process that was told where PostgreSQL is must not start on an empty SQLite. Without a name
    the database is `simmer`, and so is its user.
    """
    parts = {
        "NAME": env.str("DATABASE_NAME", default="") or env.str("DB_NAME", default=""),
        "USER": env.str("DATABASE_USER", default="") or env.str("DB_USER", default=""),
        "PASSWORD": env.str("DATABASE_PASSWORD", default="") or env.str("DB_PASSWORD", default=""),
        "HOST": env.str("DATABASE_HOST", default="") or env.str("DB_HOST", default=""),
        "PORT": env.str("DATABASE_PORT", default="") or env.str("DB_PORT", default=""),
    }
    if not any(parts.values()):
        return None
    if not parts["NAME"]:
        parts["USER"] = parts["USER"] or "simmer"
        parts["NAME"] = "simmer"
    return {"ENGINE": "django.db.backends.postgresql", **parts}
