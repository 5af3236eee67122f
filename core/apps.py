from django.apps import AppConfig
from django.conf import settings


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
