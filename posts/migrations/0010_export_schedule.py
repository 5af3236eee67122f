from datetime import timedelta

from django.db import migrations

from core.schedules import TABLES, add


class Migration(migrations.Migration):
    dependencies = [("posts", "0009_data_exports"), TABLES]

    operations = [
        add(
            "sweep-exports",
            "posts.sweep_exports",
            every=timedelta(hours=1),
            why="Data exports past their seven days, what killed jobs have left of others, those whose job died.",
        ),
    ]
