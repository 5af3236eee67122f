"""What `make run` does before it starts anything: the tables, and demo data as long as there is nothing to see."""

import logging
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import call_command
from django.core.management.base import BaseCommand

from core.demo import DEMO_PASSWORD, DEMO_PEOPLE

log = logging.getLogger(__name__)


class Command(BaseCommand):
    """Migrate; in development, load the demo data into a database that has no recipe yet."""

    help = __doc__ or ""
    requires_system_checks = []

    def handle(self, **options: Any) -> None:
        call_command("migrate", interactive=False, verbosity=0)
        self.stdout.write("The database is up to date.")
        if settings.DEBUG:
            try:
                call_command("demo_data", if_unused=True, stdout=self.stdout)
            except Exception:  # an empty Simmer is better than none
                log.exception("The demo data could not be loaded; starting without it")
        people = get_user_model()._default_manager
        # The supervisor repeats this last line when the page is there.
        if settings.DEBUG and people.filter(username__in=DEMO_PEOPLE.values()).count() == len(DEMO_PEOPLE):
            names = " or ".join(f"{name} (a {role})" for role, name in DEMO_PEOPLE.items())
            self.stdout.write(f"Sign in as {names}, password {DEMO_PASSWORD} .")
