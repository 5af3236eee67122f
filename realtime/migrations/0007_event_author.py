from django.db import migrations, models


class Migration(migrations.Migration):
    """Adds the author of an event's content, where the author is not the actor. Null in rows stored before."""

    dependencies = [("realtime", "0006_concurrency_keys")]

    operations = [
        migrations.AddField(
            model_name="streamevent",
            name="author_id",
            field=models.BigIntegerField(null=True),
        ),
    ]
