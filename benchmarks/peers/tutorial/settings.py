import os

SECRET_KEY = "a-key-for-benchmarks-alone-that-is-long-enough-for-the-checks"
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
INSTALLED_APPS = ["daphne", "django.contrib.auth", "django.contrib.contenttypes", "django.contrib.sessions"]
MIDDLEWARE: list[str] = []
ROOT_URLCONF = "benchmarks.peers.tutorial.routing"
ASGI_APPLICATION = "benchmarks.peers.tutorial.asgi.application"
DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
USE_TZ = True
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.core.RedisChannelLayer",
        # Not of the tutorial: redis-py 8 waits 5 s for an answer by default, and the layer's blocking reads time out.
        "CONFIG": {"hosts": [{"address": os.environ["REDIS_URL"], "socket_timeout": None}]},
    }
}
