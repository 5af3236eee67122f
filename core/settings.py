"""Settings, read from the environment (or `.env`) once, at start. `.env.example` names every one.

What is missing or unsafe in production fails here, with the variable to set, before anything listens.
"""

import contextlib
import re
import socket
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import environ
from corsheaders.defaults import default_headers
from django.core.exceptions import ImproperlyConfigured

from core import database_settings, dev_folder, logs, mail_settings, schema_settings, storage_settings
from core.oauth import provider
from core.redis_addresses import verified

BASE_DIR = Path(__file__).resolve().parent.parent
env = environ.Env()
environ.Env.read_env(env.str("ENV_FILE", default=str(BASE_DIR / ".env")))

DEBUG: bool = env.bool("DEBUG", default=False)
DEV_DIR = BASE_DIR / env.str("DEV_DIR", default=".dev")
# Before a storage makes it readable for all. Where it cannot be made (a read-only disk), nothing may need it.
with contextlib.suppress(OSError):
    dev_folder.own(DEV_DIR)
# Where `python -m core.server` listens; a container says 0.0.0.0.
LISTEN_ADDRESS: str = env.str("LISTEN_ADDRESS", default="127.0.0.1")
PORT: int = env.int("PORT", default=8000)

# --- Trust -----------------------------------------------------------------------------------------
_INSECURE_KEY = "insecure-development-key-never-use-it-in-production"
SECRET_KEY: str = env.str("SECRET_KEY", default="")
if not SECRET_KEY and (_key_file := env.str("SECRET_KEY_FILE", default="")):
    SECRET_KEY = Path(_key_file).read_text().strip()
if not SECRET_KEY and DEBUG:
    SECRET_KEY = _INSECURE_KEY
ALLOWED_HOSTS: list[str] = env.list("ALLOWED_HOSTS", default=["localhost", "127.0.0.1", "[::1]"])
# The web origins (scheme://host[:port]) whose pages may call the API and open sockets; our own is always allowed.
CORS_ALLOWED_ORIGINS: list[str] = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_ALLOW_ALL_ORIGINS: bool = env.bool("CORS_ALLOW_ALL_ORIGINS", default=False)
CORS_ALLOW_CREDENTIALS: bool = env.bool("CORS_ALLOW_CREDENTIALS", default=False)
CORS_ALLOW_HEADERS = (
    *(*default_headers, "idempotency-key", "if-match", "if-none-match", "last-event-id", "x-chunk-sha256"),
    *("tus-resumable", "upload-checksum", "upload-concat", "upload-defer-length", "upload-length", "upload-metadata"),
    *("upload-offset", "x-http-method-override", "x-request-id"),
)
CORS_EXPOSE_HEADERS = [
    *("Deprecation", "ETag", "Idempotency-Replayed", "Link", "Location"),
    *("RateLimit", "RateLimit-Policy", "Retry-After", "Stream-Position", "X-Request-ID"),
    *("Tus-Checksum-Algorithm", "Tus-Extension", "Tus-Max-Size", "Tus-Resumable", "Tus-Version"),
    *("Upload-Concat", "Upload-Defer-Length", "Upload-Expires", "Upload-Length", "Upload-Media-Id", "Upload-Metadata"),
    *("Upload-Offset", "WWW-Authenticate"),
]
# The last five: where the earlier systems had their API (core/earlier_urls.py). Of OAuth what apps call, no page.
CORS_URLS_REGEX = r"^/(o/(token|revoke_token)|api|media|auth|users|recipes|posts|post)/"
CSRF_TRUSTED_ORIGINS: list[str] = env.list("CSRF_TRUSTED_ORIGINS", default=[])
# Addresses or networks of the proxies whose X-Forwarded-For is believed. Empty: nobody's is.
TRUSTED_PROXIES: list[str] = env.list("TRUSTED_PROXIES", default=[])

# The image says so: then nothing that is for development starts by mistake.
PRODUCTION: bool = env.bool("PRODUCTION", default=False)
if PRODUCTION and DEBUG:
    raise ImproperlyConfigured("DEBUG is on in production (PRODUCTION=True): remove it, or set it to False.")
if not DEBUG:
    if not SECRET_KEY or SECRET_KEY == _INSECURE_KEY:
        raise ImproperlyConfigured("SECRET_KEY is missing or the development key: set it to 50 random characters.")
    if "*" in ALLOWED_HOSTS:
        raise ImproperlyConfigured("ALLOWED_HOSTS is '*': list the host names that this installation serves.")
for _origin in CORS_ALLOWED_ORIGINS:
    if not re.fullmatch(r"[a-z][a-z0-9+.-]*://[^/*\s]+", _origin):
        raise ImproperlyConfigured(
            f"CORS_ALLOWED_ORIGINS has {_origin!r}: list origins as browsers send them, https://app.example"
        )
if CORS_ALLOW_ALL_ORIGINS and CORS_ALLOW_CREDENTIALS:
    raise ImproperlyConfigured("CORS_ALLOW_ALL_ORIGINS with CORS_ALLOW_CREDENTIALS: set CORS_ALLOWED_ORIGINS instead.")

SECURE_SSL_REDIRECT: bool = env.bool("SECURE_SSL_REDIRECT", default=False)
SECURE_HSTS_SECONDS: int = env.int("SECURE_HSTS_SECONDS", default=0 if DEBUG else 31_536_000)
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = not DEBUG
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = not DEBUG
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
if env.bool("TRUST_FORWARDED_PROTO", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# TLS usually ends in the proxy; whoever ends it in Simmer sets SECURE_SSL_REDIRECT.
SILENCED_SYSTEM_CHECKS = ["security.W008"]

AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["django.contrib.auth.backends.ModelBackend"]
PASSWORD_HASHERS = ["core.hashing.BoundedArgon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}"}
    for name in (
        "UserAttributeSimilarityValidator",
        "MinimumLengthValidator",
        "CommonPasswordValidator",
        "NumericPasswordValidator",
    )
]
SIMPLE_JWT = {
    "ACCESS_TOKEN_LIFETIME": timedelta(seconds=env.int("ACCESS_TOKEN_SECONDS", default=900)),
    "REFRESH_TOKEN_LIFETIME": timedelta(days=env.int("REFRESH_TOKEN_DAYS", default=30)),
}

# Apps of others, by OAuth 2.
OAUTH2_PROVIDER_APPLICATION_MODEL = "accounts.Application"
OAUTH2_PROVIDER = provider(access=SIMPLE_JWT["ACCESS_TOKEN_LIFETIME"], refresh=SIMPLE_JWT["REFRESH_TOKEN_LIFETIME"])

# --- The project -----------------------------------------------------------------------------------
INSTALLED_APPS = [
    # For its `runserver`. It brings Twisted with it: 25 MB of each worker.
    *(["daphne"] if "runserver" in sys.argv else []),
    "core.apps.SimmerAdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "corsheaders",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "oauth2_provider",
    "core",
    "realtime",
    "media_pipeline",
    "accounts",
    "recipes",
    "posts",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "core.security.SecurityHeaders",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# The API knows people by their tokens: no session, no form to protect, no messages. They cost a tenth of a list.
API_MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "core.security.SecurityHeaders",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
# An address that lacks its last slash is answered by 308 (core.api.not_found), which keeps the method and the body.
APPEND_SLASH = False
ROOT_URLCONF = "core.urls"
ASGI_APPLICATION = "core.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_I18N = False
USE_TZ = True

# --- Database --------------------------------------------------------------------------------------
DATABASES = {"default": database_settings.django(env, dev_dir=DEV_DIR)}
# PostgreSQL plans the hot queries once a session. Off behind a transaction pooler, which hands sessions around.
PREPARED_STATEMENTS: bool = env.bool("PREPARED_STATEMENTS", default=True)
DATABASES["default"]["DISABLE_SERVER_SIDE_CURSORS"] = not PREPARED_STATEMENTS
IS_POSTGRESQL = "postgresql" in DATABASES["default"]["ENGINE"]

# --- Redis: the bus, the broker, the throttles ------------------------------------------------------
REDIS_URL: str = verified(env.str("REDIS_URL", default="redis://127.0.0.1:6379/0"))
# Several independent Redis may carry the bus; the layer hashes groups over them.
BUS_REDIS_URLS: list[str] = [verified(url) for url in env.list("BUS_REDIS_URLS", default=[REDIS_URL])]
BUS_PREFIX: str = env.str("BUS_PREFIX", default="simmer")
THROTTLE_REDIS_URL: str = verified(env.str("THROTTLE_REDIS_URL", default=REDIS_URL))


def _bus_host(url: str) -> dict[str, Any]:
    """Redis of the bus. A network that swallows packets is noticed after 4 s, a silent server by a ping every 10 s."""
    host: dict[str, Any] = {"address": url, "socket_connect_timeout": 1, "health_check_interval": 10}
    if not url.startswith("unix"):
        host["socket_keepalive"] = True
        if hasattr(socket, "TCP_USER_TIMEOUT"):  # Linux
            host["socket_keepalive_options"] = {socket.TCP_USER_TIMEOUT: 4000}
    return host


CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {"hosts": [_bus_host(url) for url in BUS_REDIS_URLS], "prefix": BUS_PREFIX},
    }
}

# --- The web server ---------------------------------------------------------------------------------
WEB_THREADS: int = env.int("WEB_THREADS", default=8)
# Requests that may wait for a thread; the next one is answered 503 with Retry-After.
WEB_QUEUE: int = env.int("WEB_QUEUE", default=256)
# Of each body but those of uploads in parts: a picture of 20 MB in base64, which is 4/3 of it, and its texts.
REQUEST_BODY_MAX: int = env.int("REQUEST_BODY_MAX", default=28 * 1024 * 1024)
# JSON takes thirty times its size in memory, and a form eighty times. Views that need more declare it
# (core/body_limits.py).
JSON_BODY_MAX: int = env.int("JSON_BODY_MAX", default=1024 * 1024)
FORM_BODY_MAX: int = env.int("FORM_BODY_MAX", default=64 * 1024)
# The texts of a multipart body beside its files, together.
DATA_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024


def _limit(name: str, default: int) -> int | None:
    """A whole number, or None for `off`."""
    value = env.str(name, default=str(default))
    return None if value == "off" else int(value)


SOCKETS_PER_USER = _limit("SOCKETS_PER_USER", 50)
SOCKETS_PER_ADDRESS = _limit("SOCKETS_PER_ADDRESS", 200)
CHANNELS_PER_SOCKET = _limit("CHANNELS_PER_SOCKET", 100)
# Of one socket. A burst has room for all the channels of a client that comes back.
COMMANDS_PER_SECOND = _limit("COMMANDS_PER_SECOND", 20)
COMMANDS_BURST = _limit("COMMANDS_BURST", 200)
# Over how long the sockets of a server that stops are spread.
SHUTDOWN_SECONDS: float = env.float("SHUTDOWN_SECONDS", default=3.0)

# --- Uploads in parts -------------------------------------------------------------------------------
UPLOAD_MAX_BYTES: int = env.int("UPLOAD_MAX_BYTES", default=4 * 1024**3)
# Of one person: what they have stored, and what their open uploads may become.
UPLOAD_QUOTA_BYTES = _limit("UPLOAD_QUOTA_BYTES", 20 * 1024**3)
# The same of a person who has not confirmed their e-mail address.
UPLOAD_UNCONFIRMED_BYTES = _limit("UPLOAD_UNCONFIRMED_BYTES", 1024**3)
# Daphne holds a body in memory until it is whole; under uvicorn, which does not, this may be anything.
UPLOAD_MAX_BODY: int = env.int("UPLOAD_MAX_BODY", default=64 * 1024 * 1024)
UPLOAD_LIFETIME_SECONDS: int = env.int("UPLOAD_LIFETIME_SECONDS", default=24 * 3600)
# Of an open upload that has not received a byte.
UPLOAD_EMPTY_SECONDS: int = env.int("UPLOAD_EMPTY_SECONDS", default=3600)
# Media that nothing shows are deleted by the daily sweep when they are older.
MEDIA_UNUSED_SECONDS: int = env.int("MEDIA_UNUSED_SECONDS", default=24 * 3600)
# Uploads leave this much of the disk free.
UPLOAD_DISK_RESERVE_BYTES: int = env.int("UPLOAD_DISK_RESERVE_BYTES", default=1024**3)

# --- The relay --------------------------------------------------------------------------------------
STREAM_RETENTION_SECONDS: int = env.int("STREAM_RETENTION_SECONDS", default=24 * 3600)
STREAM_RETENTION_EVENTS: int = env.int("STREAM_RETENTION_EVENTS", default=10_000)
# A job whose message has not been taken for this long gets another one: the broker may have lost it.
JOB_OVERDUE_SECONDS: int = env.int("JOB_OVERDUE_SECONDS", default=60)
# A running job whose worker has not said for this long that it lives is given to another one.
JOB_LEASE_SECONDS: int = env.int("JOB_LEASE_SECONDS", default=15)
# So long a canary, a job that only comes back, may be on its way through a queue before it raises an alarm.
CANARY_SECONDS = _limit("CANARY_SECONDS", 60)
# Posts of people with more followers are not written into each feed: feeds read them from their author.
FEED_FAN_OUT_MAX: int = env.int("FEED_FAN_OUT_MAX", default=10_000)

# --- REST -------------------------------------------------------------------------------------------
# After how many seconds a request with an Idempotency-Key that was not answered is taken for lost: longer than any.
IDEMPOTENCY_LEASE_SECONDS: int = env.int("IDEMPOTENCY_LEASE_SECONDS", default=60)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["accounts.authentication.SessionTokenAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticatedOrReadOnly"],
    "DEFAULT_RENDERER_CLASSES": ["core.api.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": [
        "core.parsers.JSONParser",
        "core.parsers.MultiPartParser",
        "core.parsers.FormParser",
    ],
    "DEFAULT_THROTTLE_CLASSES": ["core.throttles.RequestThrottle"],
    "EXCEPTION_HANDLER": "core.api.problem_handler",
    "DEFAULT_SCHEMA_CLASS": "core.schema.Schema",
    "DEFAULT_CONTENT_NEGOTIATION_CLASS": "core.negotiation.RememberedNegotiation",
    "UNAUTHENTICATED_USER": "django.contrib.auth.models.AnonymousUser",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
# requests/period; `off` switches a limit off. `anon` and `user` are the general limits; the others replace these two on
# their routes (core/throttles.py).
THROTTLES = {
    "anon": env.str("THROTTLE_ANON", default="10/min"),
    "user": env.str("THROTTLE_USER", default="100/min"),
    "auth": env.str("THROTTLE_AUTH", default="20/min"),
    "register": env.str("THROTTLE_REGISTER", default="20/min"),
    # One a second for each session, up to 60 at once; and widely by address, as many users may share one.
    "refresh": env.str("THROTTLE_REFRESH", default="60/min"),
    "refresh_address": env.str("THROTTLE_REFRESH_ADDRESS", default="600/min"),
    "upload": env.str("THROTTLE_UPLOAD", default="60/hour"),
    "import": env.str("THROTTLE_IMPORT", default="20/hour"),
}
SPECTACULAR_SETTINGS = schema_settings.SPECTACULAR_SETTINGS

# --- Celery: core/celery.py has the rest -------------------------------------------------------------
CELERY_BROKER_URL: str = verified(env.str("CELERY_BROKER_URL", default=REDIS_URL))
# Schedules are rows, which migrations make and operators edit (core/schedules.py): CELERY_BEAT_SCHEDULE would be
# written over them at each start.
CELERY_BEAT_SCHEDULER = "core.beat:Scheduler"

# --- Mail -------------------------------------------------------------------------------------------
# Where people reach this installation: links in mails begin with it.
PUBLIC_URL: str = mail_settings.public_url(
    env, default=f"http://localhost:{PORT}" if DEBUG else f"https://{[*ALLOWED_HOSTS, 'localhost'][0].lstrip('.')}"
)
MAIL_LINKS: dict[str, str] = mail_settings.links(env, public_url=PUBLIC_URL)
globals().update(mail_settings.django(env, debug=DEBUG, dev_dir=DEV_DIR, public_url=PUBLIC_URL))

# --- Files ------------------------------------------------------------------------------------------
STATIC_URL = "/static/"
STATIC_ROOT = Path(env.str("STATIC_ROOT", default=str(BASE_DIR / "staticfiles")))
MEDIA_URL = "/media/"
# Where media lie: on a disk, in a bucket or at Cloudinary.
MEDIA_STORAGE: str
MEDIA_ROOT: Path
PRIVATE_MEDIA_ROOT: Path
PRIVATE_MEDIA_URL: str
ACCEL_REDIRECT: bool
STORAGES: dict[str, dict[str, Any]]
AWS_STORAGE_BUCKET_NAME: str
AWS_LOCATION: str
AWS_QUERYSTRING_AUTH: bool
AWS_ACCESS_KEY_ID: str | None
AWS_SECRET_ACCESS_KEY: str | None
AWS_SESSION_TOKEN: str | None
AWS_S3_REGION_NAME: str | None
AWS_S3_ENDPOINT_URL: str | None
AWS_S3_CUSTOM_DOMAIN: str | None
AWS_S3_SIGNATURE_VERSION: str
AWS_S3_ADDRESSING_STYLE: str
CLOUDINARY_URL: str
BACKUP_BUCKET: str
BACKUP_DIR: Path
BACKUPS_KEPT: int
globals().update(storage_settings.django(env, dev_dir=DEV_DIR, media_url=MEDIA_URL))

# --- Logs: one line an event ------------------------------------------------------------------------
LOG_FORMAT: str = env.str("LOG_FORMAT", default="line")
if LOG_FORMAT not in logs.FORMATTERS:
    raise ImproperlyConfigured(f"LOG_FORMAT is {LOG_FORMAT!r}: set it to {' or '.join(logs.FORMATTERS)}.")
LOGGING = logs.config(level=env.str("LOG_LEVEL", default="INFO"), formatter=LOG_FORMAT)
# A line for each request.
ACCESS_LOG: bool = env.bool("ACCESS_LOG", default=True)

# --- Metrics and errors -----------------------------------------------------------------------------
# Who sends it may read /metrics; without one, this host alone.
METRICS_TOKEN: str = env.str("METRICS_TOKEN", default="")
# Where the relay, workers and beat answer /metrics and /healthz; 0 for nowhere.
METRICS_PORT: int = env.int("METRICS_PORT", default=0)
# Errors go there.
SENTRY_DSN: str = env.str("SENTRY_DSN", default="")
