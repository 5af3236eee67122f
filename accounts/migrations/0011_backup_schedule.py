from datetime import timedelta

from django.db import migrations

from core.schedules import TABLES, add


class Migration(migrations.Migration):
    dependencies = [("accounts", "0010_backups"), TABLES]

    operations = [
        add(
            "back-up-users",
            "accounts.ask_for_backup",
            every=timedelta(minutes=10),
            why="Asks for the backup of the week (Monday to Sunday, UTC) unless it was made or asked for.",
        ),
    ]
