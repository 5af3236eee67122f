"""The schedules that stood in the settings until now: rows that a beat has made of those stay as they are."""

from datetime import timedelta

from django.db import migrations

from core.schedules import TABLES, add, remove

MINUTES, HOURS = timedelta(minutes=1), timedelta(hours=1)


class Migration(migrations.Migration):
    dependencies = [("core", "0003_periodic_runs"), TABLES]

    operations = [
        add("publish-due-posts", "posts.publish_due", every=timedelta(seconds=10), why="Scheduled posts, in time."),
        add("begin-digests", "posts.begin_digests", every=MINUTES, why="Digests, wherever it is six in the morning."),
        add("update-trends", "posts.update_trends", every=10 * MINUTES, why="Trending recipes and tags."),
        add("sweep-uploads", "media_pipeline.sweep_uploads", every=15 * MINUTES, why="Uploads past their time."),
        add("sweep-files", "media_pipeline.sweep_files", every=HOURS, why="Files that no row names."),
        add("trim-streams", "realtime.trim_streams", every=HOURS, why="Events past retention."),
        add("trim-idempotency-keys", "core.trim_idempotency_keys", every=HOURS, why="Keys older than a day."),
        add("trim-feed-rankings", "posts.trim_feed_rankings", every=HOURS, why="Orders of ranked feeds past their time."),
        add("trim-views", "posts.trim_views", at="40 0 * * *", why="Who saw what before today."),
        add("reconcile-ratings", "recipes.reconcile_ratings", at="30 3 * * *", why="Proves the averages, mends drift."),
        add("reconcile-counters", "posts.reconcile_counters", at="45 3 * * *", why="Proves the counters, mends drift."),
        add("trim-feeds", "posts.trim_feeds", at="10 4 * * *", why="Feeds to 1,000 posts and 90 days."),
        add("trim-notifications", "posts.trim_notifications", at="10 4 * * *", why="Read ones older than 90 days."),
        add("trim-digests", "posts.trim_digests", at="20 4 * * *", why="Digests older than 60 days."),
        add("expire-unused-media", "media_pipeline.expire_unused_media", at="50 4 * * *", why="Media that nothing shows."),
        # Celery's own, for results, which we keep none of.
        remove("celery.backend_cleanup"),
    ]
