"""For the schema: a data export as its owner sees it."""

from typing import Any

from rest_framework import serializers

from posts.models import DataExport


class ExportOutput(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=DataExport.Status.choices)
    requested_at = serializers.DateTimeField()
    ready_at = serializers.DateTimeField(allow_null=True)
    expires_at = serializers.DateTimeField(allow_null=True, help_text="then it is deleted")
    size = serializers.IntegerField(allow_null=True, help_text="bytes of the ZIP")
    url = serializers.CharField(
        allow_null=True, help_text="signed: good for an hour and for whoever holds it; read again for another"
    )
