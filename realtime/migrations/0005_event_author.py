from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the author of an event's content, where the author is not the actor. Null in rows stored before."""

    dependencies = [("realtime", "0004_jobs_listed")]

    operations = [
        migrations.AddField(
            model_name="streamevent",
            name="author_id",
            field=models.BigIntegerField(null=True),
        ),
    ]
