from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("media_pipeline", "0004_video")]

    operations = [
        migrations.AddField(
            model_name="extent",
            name="place",
            field=models.CharField(blank=True, db_default="", default="", max_length=32),
        ),
    ]
