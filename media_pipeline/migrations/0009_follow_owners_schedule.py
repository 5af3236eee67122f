from datetime import timedelta

from django.db import migrations

from core.schedules import TABLES, add


class Migration(migrations.Migration):
    dependencies = [("media_pipeline", "0008_media_is_withdrawn"), TABLES]

    operations = [
        add(
            "follow-owners",
            "media_pipeline.follow_owners",
            every=timedelta(minutes=5),
            why="Media of closed accounts that are still public, and of open ones that are not.",
        ),
    ]
