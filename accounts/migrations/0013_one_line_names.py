from django.db import migrations, models

import core.texts

VALIDATORS = [core.texts.ONE_LINE, core.texts.shows_something]


class Migration(migrations.Migration):
    """Names are one line. The columns stay as they are; 0014 cleans the rows that are there."""

    dependencies = [("accounts", "0012_cookie_version")]

    operations = [
        migrations.AlterField(
            "application",
            "name",
            models.CharField(
                help_text="As people know it: they are asked whether they trust it.",
                max_length=80,
                validators=VALIDATORS,
            ),
        ),
        migrations.AlterField("user", "display_name", models.CharField(blank=True, max_length=80, validators=VALIDATORS)),
        migrations.AlterField("user", "first_name", models.CharField(blank=True, max_length=150, validators=VALIDATORS)),
        migrations.AlterField("user", "last_name", models.CharField(blank=True, max_length=150, validators=VALIDATORS)),
    ]
