"""What the environment makes of the settings, and what is refused before anything listens."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.services import ROOT

KEY = "a-key-for-tests-alone-that-is-long-enough-for-the-checks"


def load(folder: Path, *names: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Import core.settings in a process of its own that knows this environment alone; it prints the named settings."""
    environment.setdefault("ENV_FILE", os.devnull)
    environment.setdefault("DEV_DIR", str(folder / "dev"))
    coverage = {name: value for name, value in os.environ.items() if name.startswith("COVERAGE_")}
    found = f"[getattr(settings, name) for name in {names}]"
    program = f"import json; from core import settings; print(json.dumps({found}, default=str))"
    return subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], **coverage, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def values(folder: Path, *names: str, **environment: str) -> list[Any]:
    done = load(folder, *names, SECRET_KEY=KEY, **environment)
    assert done.returncode == 0, done.stderr
    result: list[Any] = json.loads(done.stdout)
    return result


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({}, "SECRET_KEY is missing"),
        ({"SECRET_KEY": "insecure-development-key-never-use-it-in-production"}, "SECRET_KEY is missing or the dev"),
        ({"SECRET_KEY": KEY, "ALLOWED_HOSTS": "simmer.example,*"}, "ALLOWED_HOSTS is '*'"),
        (
            {"SECRET_KEY": KEY, "CORS_ALLOW_ALL_ORIGINS": "True", "CORS_ALLOW_CREDENTIALS": "True"},
            "set CORS_ALLOWED_ORIGINS instead",
        ),
        ({"SECRET_KEY": KEY, "CORS_ALLOWED_ORIGINS": "*"}, "CORS_ALLOWED_ORIGINS has '*'"),
        (
            {"SECRET_KEY": KEY, "CORS_ALLOWED_ORIGINS": "https://*.example"},
            "CORS_ALLOWED_ORIGINS has 'https://*.example'",
        ),
        ({"SECRET_KEY": KEY, "CORS_ALLOWED_ORIGINS": "app.example"}, "CORS_ALLOWED_ORIGINS has 'app.example'"),
        ({"SECRET_KEY": KEY, "CORS_ALLOWED_ORIGINS": "https://a.example/"}, "CORS_ALLOWED_ORIGINS has 'https://a"),
        ({"SECRET_KEY": KEY, "PRODUCTION": "True", "DEBUG": "True"}, "DEBUG is on in production"),
        ({"SECRET_KEY": KEY, "LOG_FORMAT": "xml"}, "LOG_FORMAT is 'xml'"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_an_unsafe_production_does_not_start_and_says_what_to_set(
    tmp_path: Path, environment: dict[str, str], named: str
) -> None:
    done = load(tmp_path, "DEBUG", **environment)
    assert done.returncode != 0
    assert named in done.stderr


@pytest.mark.parametrize(
    "command", [["-m", "core.server"], ["manage.py", "relay"], ["-m", "celery", "-A", "core", "worker"]]
)
def test_no_part_starts_with_what_is_unsafe(tmp_path: Path, command: list[str]) -> None:
    environment = {"ENV_FILE": os.devnull, "DEV_DIR": str(tmp_path), "SECRET_KEY": KEY, "ALLOWED_HOSTS": "*"}
    done = subprocess.run(
        [sys.executable, *command],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode != 0
    assert "ALLOWED_HOSTS is '*': list the host names" in done.stderr


def test_nothing_is_in_development_unless_said(tmp_path: Path) -> None:
    assert values(tmp_path, "DEBUG", "CORS_ALLOW_ALL_ORIGINS", "CORS_ALLOW_CREDENTIALS", "TRUSTED_PROXIES") == [
        False,
        False,
        False,
        [],
    ]
    assert values(tmp_path, "SESSION_COOKIE_SECURE", "CSRF_COOKIE_SECURE", "SECURE_HSTS_SECONDS") == [
        True,
        True,
        31_536_000,
    ]


def test_the_image_is_production() -> None:
    assert "PRODUCTION=True" in (ROOT / "Dockerfile").read_text()


def test_the_deployment_check_finds_nothing(tmp_path: Path) -> None:
    environment = {
        "ENV_FILE": os.devnull,
        "DEV_DIR": str(tmp_path),
        "SECRET_KEY": KEY,
        "ALLOWED_HOSTS": "simmer.example",
        "DATABASE_URL": "postgresql://nowhere.invalid/simmer",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env={"PATH": os.environ["PATH"], **environment}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout


def test_development_needs_no_setting_but_debug(tmp_path: Path) -> None:
    done = load(tmp_path, "DEBUG", "SECURE_HSTS_SECONDS", DEBUG="True")
    assert json.loads(done.stdout) == [True, 0]


def test_the_key_may_be_in_a_file(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(f"{KEY}\n")
    done = load(tmp_path, "SECRET_KEY", SECRET_KEY_FILE=str(tmp_path / "key"))
    assert json.loads(done.stdout) == [KEY]


def test_a_file_of_settings_is_read_and_the_environment_wins(tmp_path: Path) -> None:
    (tmp_path / "env").write_text("PORT=8100\nBUS_PREFIX=from-the-file\n")
    found = values(tmp_path, "PORT", "BUS_PREFIX", ENV_FILE=str(tmp_path / "env"), PORT="8200")
    assert found == [8200, "from-the-file"]


def test_the_database_is_sqlite_in_the_folder_unless_said(tmp_path: Path) -> None:
    [databases] = values(tmp_path, "DATABASES")
    assert databases["default"]["ENGINE"] == "django.db.backends.sqlite3"
    assert databases["default"]["NAME"] == str(tmp_path / "dev/simmer.sqlite3")


@pytest.mark.parametrize(
    "environment",
    [
        {"DATABASE_URL": "postgresql://ann:secret@db.example:5433/simmer"},
        {
            "DATABASE_NAME": "simmer",
            "DATABASE_USER": "ann",
            "DATABASE_PASSWORD": "secret",
            "DATABASE_HOST": "db.example",
            "DATABASE_PORT": "5433",
        },
        {
            "DATABASE_NAME": "simmer",
            "DATABASE_USER": "ann",
            "DB_PASSWORD": "secret",
            "DB_HOST": "db.example",
            "DB_PORT": "5433",
        },
        {
            "DB_NAME": "simmer",
            "DB_USER": "ann",
            "DB_PASSWORD": "secret",
            "DB_HOST": "db.example",
            "DB_PORT": "5433",
        },
        {
            "DATABASE_NAME": "simmer",
            "DATABASE_USER": "ann",
            "DATABASE_PASSWORD": "",
            "DB_PASSWORD": "secret",
            "DATABASE_HOST": "db.example",
            "DB_HOST": "other.example",
            "DB_PORT": "5433",
        },
    ],
    ids=["url", "DATABASE_*", "three of DB_*", "DB_*", "both"],
)
def test_a_postgresql_is_named_by_a_url_or_as_earlier_systems_did(tmp_path: Path, environment: dict[str, str]) -> None:
    [databases] = values(tmp_path, "DATABASES", **environment)
    database = databases["default"]
    assert database["ENGINE"] == "core.postgresql"
    named = [str(database[part]) for part in ("NAME", "USER", "PASSWORD", "HOST", "PORT")]
    assert named == ["simmer", "ann", "secret", "db.example", "5433"]


@pytest.mark.parametrize("part", ["NAME", "USER", "PASSWORD", "HOST", "PORT"])
@pytest.mark.parametrize("prefix", ["DATABASE", "DB"])
def test_one_part_of_a_postgresql_is_enough_for_no_sqlite_to_start(tmp_path: Path, prefix: str, part: str) -> None:
    [databases] = values(tmp_path, "DATABASES", **{f"{prefix}_{part}": "5433"})
    assert databases["default"]["ENGINE"] == "core.postgresql"
    assert databases["default"][part] == "5433"


def test_a_postgresql_that_is_named_by_its_host_alone_has_the_database_and_user_simmer(tmp_path: Path) -> None:
    parts = {"DB_HOST": "db.example", "DB_PORT": "5433", "DB_PASSWORD": "secret"}
    [databases] = values(tmp_path, "DATABASES", **parts)
    named = [str(databases["default"][part]) for part in ("NAME", "USER", "PASSWORD", "HOST", "PORT")]
    assert named == ["simmer", "simmer", "secret", "db.example", "5433"]
    [databases] = values(tmp_path, "DATABASES", DB_USER="ann", **parts)
    assert (databases["default"]["NAME"], databases["default"]["USER"]) == ("simmer", "ann")


@pytest.mark.parametrize(
    ("name", "value", "setting", "expected"),
    [
        ("REDIS_URL", "redis://cache.example/1", "CELERY_BROKER_URL", "redis://cache.example/1"),
        ("REDIS_URL", "redis://cache.example/1", "THROTTLE_REDIS_URL", "redis://cache.example/1"),
        ("REDIS_URL", "redis://cache.example/1", "BUS_REDIS_URLS", ["redis://cache.example/1"]),
        ("CELERY_BROKER_URL", "amqp://broker.example", "CELERY_BROKER_URL", "amqp://broker.example"),
        ("DEFAULT_FROM_EMAIL", "Eat <eat@mail.example>", "DEFAULT_FROM_EMAIL", "Eat <eat@mail.example>"),
        ("TRUSTED_PROXIES", "10.0.0.0/8,192.0.2.7", "TRUSTED_PROXIES", ["10.0.0.0/8", "192.0.2.7"]),
        ("SECRET_KEY", f"{KEY}-another", "SECRET_KEY", f"{KEY}-another"),
        ("AWS_STORAGE_BUCKET_NAME", "photos", "AWS_STORAGE_BUCKET_NAME", "photos"),
        ("AWS_ACCESS_KEY_ID", "AKIA", "AWS_ACCESS_KEY_ID", "AKIA"),
        ("AWS_SECRET_ACCESS_KEY", "secret", "AWS_SECRET_ACCESS_KEY", "secret"),
        ("AWS_SESSION_TOKEN", "token", "AWS_SESSION_TOKEN", "token"),
        ("AWS_S3_REGION_NAME", "eu-north-1", "AWS_S3_REGION_NAME", "eu-north-1"),
        ("AWS_S3_ENDPOINT_URL", "https://minio.example", "AWS_S3_ENDPOINT_URL", "https://minio.example"),
        ("AWS_S3_CUSTOM_DOMAIN", "media.example", "AWS_S3_CUSTOM_DOMAIN", "media.example"),
        ("AWS_S3_URL_PROTOCOL", "http:", "AWS_S3_URL_PROTOCOL", "http:"),
        ("AWS_S3_SIGNATURE_VERSION", "s3", "AWS_S3_SIGNATURE_VERSION", "s3"),
        ("AWS_S3_ADDRESSING_STYLE", "path", "AWS_S3_ADDRESSING_STYLE", "path"),
        ("AWS_LOCATION", "/simmer/", "AWS_LOCATION", "simmer"),
        ("AWS_QUERYSTRING_AUTH", "True", "AWS_QUERYSTRING_AUTH", True),
        ("AWS_DEFAULT_ACL", "public-read", "AWS_DEFAULT_ACL", "public-read"),
        ("CLOUDINARY_URL", "cloudinary://key:secret@kitchen", "MEDIA_STORAGE", "cloudinary"),
    ],
)
def test_the_names_of_earlier_systems_mean_what_they_meant(
    tmp_path: Path, name: str, value: str, setting: str, expected: object
) -> None:
    assert load(tmp_path, setting, **{"SECRET_KEY": KEY, name: value}).stdout.strip() == json.dumps([expected])


def test_rediss_asks_for_a_verified_certificate_wherever_it_is_named(tmp_path: Path) -> None:
    url = "rediss://:pass%3Aword@cache.example:6380/0"
    named = {
        "BUS_REDIS_URLS": f"{url},redis://plain.example",
        "THROTTLE_REDIS_URL": f"{url}?ssl_ca_certs=/etc/ca.pem",
        "CELERY_BROKER_URL": f"{url};{url}?ssl_cert_reqs=CERT_NONE",
    }
    found = dict(zip(named, values(tmp_path, *named, **named), strict=True))
    assert found == {
        "BUS_REDIS_URLS": [f"{url}?ssl_cert_reqs=required", "redis://plain.example"],
        "THROTTLE_REDIS_URL": f"{url}?ssl_ca_certs=%2Fetc%2Fca.pem&ssl_cert_reqs=required",
        "CELERY_BROKER_URL": f"{url}?ssl_cert_reqs=required;{url}?ssl_cert_reqs=none",
    }


def test_a_limit_can_be_switched_off(tmp_path: Path) -> None:
    assert values(tmp_path, "SOCKETS_PER_USER", SOCKETS_PER_USER="off") == [None]
    assert values(tmp_path, "SOCKETS_PER_USER", SOCKETS_PER_USER="7") == [7]


def test_https_of_the_proxy_is_believed_only_when_told(tmp_path: Path) -> None:
    assert load(tmp_path, "SECURE_PROXY_SSL_HEADER", SECRET_KEY=KEY).returncode != 0
    [header] = values(tmp_path, "SECURE_PROXY_SSL_HEADER", TRUST_FORWARDED_PROTO="True")
    assert header == ["HTTP_X_FORWARDED_PROTO", "https"]


MAIL = ("EMAIL_BACKEND", "EMAIL_HOST", "EMAIL_PORT", "EMAIL_HOST_USER", "EMAIL_HOST_PASSWORD", "EMAIL_USE_TLS")
SMTP = "core.mail.SmtpBackend"


@pytest.mark.parametrize(
    ("environment", "expected"),
    [
        ({}, [SMTP, "localhost", 25, "", "", False]),
        (
            {"EMAIL_URL": "smtp+tls://ann%40x.example:a%20secret@mail.example:2525"},
            [SMTP, "mail.example", 2525, "ann@x.example", "a secret", True],
        ),
        (
            {"EMAIL_HOST": "mail.example", "EMAIL_USE_TLS": "True", "EMAIL_HOST_USER": "ann"},
            [SMTP, "mail.example", 587, "ann", "", True],
        ),
        ({"EMAIL_HOST": "mail.example", "EMAIL_USE_SSL": "True"}, [SMTP, "mail.example", 465, "", "", False]),
        (
            {"EMAIL_URL": "smtp://one.example", "EMAIL_HOST": "two.example", "EMAIL_PORT": "26"},
            [SMTP, "two.example", 26, "", "", False],
        ),
        # As the earlier systems said it.
        (
            {"EMAIL_BACKEND": "django.core.mail.backends.smtp.EmailBackend", "EMAIL_HOST": "mail.example"},
            [SMTP, "mail.example", 25, "", "", False],
        ),
        (
            {"EMAIL_BACKEND": "anymail.backends.postmark.EmailBackend"},
            ["anymail.backends.postmark.EmailBackend", "localhost", 25, "", "", False],
        ),
    ],
)
def test_the_mail_server_is_named_by_a_url_or_in_parts(
    tmp_path: Path, environment: dict[str, str], expected: list[Any]
) -> None:
    assert values(tmp_path, *MAIL, **environment) == expected


def test_development_without_a_mail_server_writes_mails_into_files(tmp_path: Path) -> None:
    done = load(tmp_path, "EMAIL_BACKEND", "EMAIL_FILE_PATH", DEBUG="True")
    backend, folder = json.loads(done.stdout)
    assert backend.endswith("filebased.EmailBackend")
    assert folder == str(tmp_path / "dev/mail")
    done = load(tmp_path, "EMAIL_BACKEND", DEBUG="True", EMAIL_HOST="mail.example")
    assert json.loads(done.stdout) == [SMTP]


def test_links_in_mails_begin_with_the_public_address(tmp_path: Path) -> None:
    names = ("PUBLIC_URL", "MAIL_LINKS", "DEFAULT_FROM_EMAIL")
    url, links, sender = values(tmp_path, *names, ALLOWED_HOSTS=".simmer.example,other.example")
    assert (url, sender) == ("https://simmer.example", "Simmer <simmer@simmer.example>")
    assert links["reset"] == "https://simmer.example/account/password/#{token}"
    given = {"PUBLIC_URL": "https://eat.example/", "RECIPE_LINK": "https://app.example/r/{id}"}
    url, links, _ = values(tmp_path, *names, **given)
    assert (url, links["recipe"]) == ("https://eat.example", "https://app.example/r/{id}")


@pytest.mark.parametrize(
    ("environment", "named"),
    [
        ({"PUBLIC_URL": "simmer.example"}, "write it as https://"),
        ({"PASSWORD_RESET_LINK": "https://app.example/reset"}, "needs {token}"),
        ({"RECIPE_LINK": "https://app.example/{token}"}, "needs {id}"),
        ({"EMAIL_USE_TLS": "True", "EMAIL_USE_SSL": "True"}, "set one"),
        ({"EMAIL_URL": "imap://mail.example"}, "imap"),
    ],
)
def test_mail_settings_that_cannot_work_are_refused(tmp_path: Path, environment: dict[str, str], named: str) -> None:
    done = load(tmp_path, "DEBUG", SECRET_KEY=KEY, **environment)
    assert done.returncode != 0
    assert named in done.stderr
