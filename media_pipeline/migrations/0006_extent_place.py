from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("media_pipeline", "0005_admin_lists")]

    operations = [
        migrations.AddField(
            model_name="extent",
            name="place",
            field=models.CharField(blank=True, db_default="", default="", max_length=32),
        ),
    ]
