"""Reports and decisions over HTTP: what comes in, and for the schema what goes out."""

from typing import Any

from rest_framework import serializers

from core.fields import Prose, WholeNumber
from posts.models import ModerationAction, Report
from posts.models.moderation import TARGETS
from recipes.serializers import PersonOutput

ACTIONS = ("none", "remove", "suspend")
NOTE_MAX = 2_000
_ID_MAX = 2**63 - 1


class ReportInput(serializers.Serializer[Any]):
    target = serializers.ChoiceField(choices=TARGETS)
    id = WholeNumber(min_value=1, max_value=_ID_MAX)
    reason = serializers.ChoiceField(choices=Report.Reason.choices)
    note = Prose(required=False, allow_blank=True, max_length=NOTE_MAX)


class DecisionInput(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Report.Status.choices)
    action = serializers.ChoiceField(choices=ACTIONS, required=False, help_text="done to what was reported")
    note = Prose(required=False, allow_blank=True, max_length=NOTE_MAX, help_text="for the audit")


class QueueQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(choices=Report.Status.choices, required=False)
    target = serializers.ChoiceField(choices=TARGETS, required=False)


class ReportOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    target = serializers.ChoiceField(choices=TARGETS)
    target_id = serializers.IntegerField()
    reason = serializers.ChoiceField(choices=Report.Reason.choices)
    note = serializers.CharField()
    status = serializers.ChoiceField(choices=Report.Status.choices)
    created_at = serializers.DateTimeField()


class ThingOutput(serializers.Serializer[Any]):
    text = serializers.CharField(help_text="its beginning; a recipe's name, a person's bio")
    owner = PersonOutput()


class QueuedReportOutput(ReportOutput):
    reporter = PersonOutput(allow_null=True)
    thing = ThingOutput(allow_null=True, help_text="null when it is deleted")
    updated_at = serializers.DateTimeField()


class ActionOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    action = serializers.ChoiceField(choices=ModerationAction.Action.choices)
    target = serializers.ChoiceField(choices=TARGETS)
    target_id = serializers.IntegerField()
    report_id = serializers.IntegerField(allow_null=True, help_text="the report that was decided, if it was one")
    note = serializers.CharField()
    created_at = serializers.DateTimeField()
    moderator = PersonOutput(allow_null=True)
    owner = PersonOutput(allow_null=True, help_text="whose the thing is or was")
