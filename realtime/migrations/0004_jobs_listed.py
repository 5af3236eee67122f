"""What the admin lists of jobs, by state and by queue, however many there are; of dead ones also what the alarm reads."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("realtime", "0003_canaries")]

    operations = [
        migrations.AddIndex("job", models.Index(fields=["state", "-created_at"], name="job_state")),
        migrations.AddIndex("job", models.Index(fields=["queue", "-created_at"], name="job_queue")),
        migrations.AddIndex("job", models.Index(fields=["-created_at"], name="job_created")),
        migrations.RemoveIndex("job", "job_dead"),
    ]
