from django.db import migrations

from core.texts import clean_lines


def clean(apps, schema_editor):
    clean_lines(apps.get_model("accounts", "User"), ["first_name", "last_name", "display_name"])
    clean_lines(apps.get_model("accounts", "Application"), ["name"], otherwise="App {pk}")


class Migration(migrations.Migration):
    """Names that were stored before they had to be one visible line, in NFC."""

    dependencies = [("accounts", "0013_one_line_names")]

    operations = [migrations.RunPython(clean, migrations.RunPython.noop)]
