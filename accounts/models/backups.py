from django.db import models


class Backup(models.Model):
    """The backup of users of one ISO week (accounts/backups): asked for by `job`, made once `finished_at` is set."""

    week = models.CharField(max_length=8, unique=True)
    job = models.UUIDField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True)
    place = models.CharField(max_length=500, blank=True)
    file = models.CharField(max_length=100, blank=True)
    rows = models.PositiveBigIntegerField(null=True)
    size = models.PositiveBigIntegerField(null=True)
    sha256 = models.CharField(max_length=64, blank=True)

    def __str__(self) -> str:
        return self.week
