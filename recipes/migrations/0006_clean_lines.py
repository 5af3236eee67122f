from django.db import migrations

from core.texts import clean_lines


def clean(apps, schema_editor):
    clean_lines(apps.get_model("recipes", "Recipe"), ["name"], otherwise="Recipe {pk}")
    clean_lines(apps.get_model("recipes", "Ingredient"), ["unit", "food", "note", "raw"])


class Migration(migrations.Migration):
    """Names and ingredient lines that were stored before they had to be one visible line, in NFC."""

    dependencies = [("recipes", "0005_lines_read_again")]

    operations = [migrations.RunPython(clean, migrations.RunPython.noop)]
