"""The Django project and the kernel that every app shares; it knows no app."""

from core.celery import app as celery

__all__ = ["celery"]
