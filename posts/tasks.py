"""What the workers do for the social network: each job stands beside what it works for, and Celery finds it here."""

from posts.notifications import jobs as notification_jobs

__all__ = ["notification_jobs"]
