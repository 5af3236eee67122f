"""The Celery application: `celery -A core worker`, `celery -A core beat`. Queues: default, follows, media, mail."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "core.settings")

app = Celery("simmer")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
