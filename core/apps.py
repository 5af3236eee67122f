from django.apps import AppConfig
from django.conf import settings
from django.contrib.admin import apps as admin_apps


class SimmerAdminConfig(admin_apps.AdminConfig):
    """`django.contrib.admin` with our site."""

    default = False  # the configuration of the app `core` is CoreConfig
    default_site = "core.admin_site.SimmerAdminSite"


class CoreConfig(AppConfig):
    name = "core"

    def ready(self) -> None:
        """A mistyped rate or proxy stops the start, not the first request."""
        from core import overdue, sentry
        from core.clients import trusted_networks
        from core.limits import parse_rate
        from core.metrics import register_shared
        from core.watch import of_alarms

        sentry.start()

        trusted_networks()
        for rate in settings.THROTTLES.values():
            parse_rate(rate)
        overdue.register()
        register_shared(of_alarms)
