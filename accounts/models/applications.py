"""The apps of others that act for people."""

from typing import Any, ClassVar
from urllib.parse import urlsplit

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from oauth2_provider.models import AbstractApplication

from accounts.models.people import User
from core.texts import ONE_LINE, shows_something

# Where the device itself is meant, whichever program listens there: nothing travels, so plain http will do.
LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Application(AbstractApplication):  # type: ignore[misc]  # it is not typed
    """An app of somebody else that may act for people who allow it: by an authorization code with PKCE, nothing else.

    Staff register it in the admin. Where its `redirect_uris` lead the code is sent, so they are compared exactly, but
    for the port of a loopback address.
    """

    client_type = models.CharField(
        max_length=32,
        choices=AbstractApplication.CLIENT_TYPES,
        default=AbstractApplication.CLIENT_PUBLIC,
        help_text="Public: it runs on people's own devices, where nothing is secret. Confidential: it has a server.",
    )
    authorization_grant_type = models.CharField(
        max_length=44,
        choices=[(AbstractApplication.GRANT_AUTHORIZATION_CODE, "Authorization code")],
        default=AbstractApplication.GRANT_AUTHORIZATION_CODE,
        editable=False,
    )
    user = models.ForeignKey(
        User,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        help_text="Whose it is, if of one of us.",
    )
    name = models.CharField(
        max_length=80,
        validators=[ONE_LINE, shows_something],
        help_text="As people know it: they are asked whether they trust it.",
    )

    objects: ClassVar[models.Manager[Any]] = models.Manager()

    class Meta(AbstractApplication.Meta):  # type: ignore[misc]
        constraints = [
            models.CheckConstraint(
                condition=Q(authorization_grant_type=AbstractApplication.GRANT_AUTHORIZATION_CODE),
                name="application_by_code_alone",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_allowed_schemes(self) -> set[str]:
        """The schemes that redirects may have: `clean` has looked at what is registered."""
        return {urlsplit(uri).scheme for uri in self.redirect_uris.split()}

    def clean(self) -> None:
        super().clean()
        for uri in self.redirect_uris.split():
            parts = urlsplit(uri)
            # RFC 8252, 7.1: a scheme of one's own is one's domain name backwards; nobody owns a word without a dot.
            safe = parts.scheme == "https" or "." in parts.scheme
            if not safe and not (parts.scheme == "http" and parts.hostname in LOOPBACK):
                raise ValidationError(
                    {
                        "redirect_uris": f"{uri}: take https, http to a loopback address (http://127.0.0.1/...), or a "
                        "scheme that is a domain name backwards (com.example.app:/...)."
                    }
                )
