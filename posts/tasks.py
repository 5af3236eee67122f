"""What the workers do for the social network: each job stands beside what it works for, and Celery finds it here."""

from django.utils import timezone

from core.periodic import periodic
from posts import forgetting, publishing, reconciling, trending
from posts.digests import ledger, planning, sending
from posts.exports import jobs as export_jobs
from posts.feed import fan_out, followees, trim
from posts.notifications import jobs as notification_jobs

__all__ = ["export_jobs", "fan_out", "followees", "forgetting", "notification_jobs", "planning", "sending", "trim"]


@periodic("posts.trim_feeds")
def trim_feeds() -> None:
    """Begins to shorten all feeds."""
    trim.begin()


@periodic("posts.trim_feed_rankings")
def trim_feed_rankings() -> None:
    """Forgets the orders of ranked feeds that nobody can read on from any more."""
    trim.trim_rankings()


@periodic("posts.trim_views")
def trim_views() -> None:
    """Forgets who saw what on the days (UTC) before today."""
    forgetting.trim_views(before=timezone.now().date())


@periodic("posts.reconcile_counters", queue="follows", time_limit=1700)
def reconcile_counters() -> None:
    reconciling.reconcile_counters()


@periodic("posts.trim_notifications")
def trim_notifications() -> None:
    """Forgets notifications that were read and are older than 90 days."""
    notification_jobs.trim()


@periodic("posts.publish_due", alone=False)
def publish_due() -> None:
    publishing.publish_due()


@periodic("posts.update_trends")
def update_trends() -> None:
    """Computes what is talked about these days."""
    trending.update_recipes()
    trending.update_tags()


@periodic("posts.begin_digests")
def begin_digests() -> None:
    """Begins the daily digests wherever it is six in the morning of a weekday, and has not been done today."""
    planning.begin()


@periodic("posts.trim_digests")
def trim_digests() -> None:
    """Forgets digests of more than 60 days ago."""
    ledger.trim()


@periodic("posts.sweep_exports", time_limit=900)
def sweep_exports() -> None:
    """Data exports whose time is over go, and what killed jobs have left of others."""
    export_jobs.sweep()
