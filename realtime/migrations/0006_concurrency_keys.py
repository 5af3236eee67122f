"""Jobs of which no two may run at the same time."""

from django.db import migrations, models
from django.db.models import Q


class Migration(migrations.Migration):
    dependencies = [("realtime", "0005_epoch_origin")]

    operations = [
        migrations.AddField(
            "job", "concurrency_key", models.CharField(max_length=100, blank=True, default="", db_default="")
        ),
        migrations.AddConstraint(
            "job",
            models.UniqueConstraint(
                fields=["concurrency_key"],
                condition=Q(state="running") & ~Q(concurrency_key=""),
                name="job_runs_alone",
            ),
        ),
        migrations.AddIndex(
            "job",
            models.Index(
                fields=["concurrency_key", "created_at"], condition=~Q(concurrency_key=""), name="job_concurrency_key"
            ),
        ),
    ]
