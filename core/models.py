"""Abstract bases that several apps share."""

from django.db import models


class Timestamped(models.Model):
    """`created_at` is set once, `updated_at` by every `save()` that names it."""

    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        abstract = True
