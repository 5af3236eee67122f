"""What the admin lists of jobs, however many there are."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("realtime", "0003_canaries")]

    operations = [
        migrations.AddIndex("job", models.Index(fields=["-created_at"], name="job_created")),
    ]
