"""Links in mails that prove who reads a mailbox."""

from django.conf import settings
from django.db import models
from django.db.models import Q


class MailToken(models.Model):
    """What a link in a mail stands for: deleted by the request that uses it, so it is good once.

    `digest` is the SHA-256 of what the mail holds, in hexadecimal. `email` is where it was sent: who sends the token
    back reads that mailbox.
    """

    class Purpose(models.TextChoices):
        RESET = "reset"
        VERIFY = "verify"

    digest = models.CharField(max_length=64, unique=True)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mail_tokens")
    purpose = models.CharField(max_length=6, choices=Purpose.choices)
    email = models.EmailField(max_length=254)
    created_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(purpose__in=["reset", "verify"]), name="mail_token_purpose_known"),
        ]

    def __str__(self) -> str:
        return f"{self.purpose} token {self.pk}"
