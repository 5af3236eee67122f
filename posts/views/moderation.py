"""Reports of people, and the queue and audit of staff."""

from django.db.models import QuerySet
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from core.errors import NotFound
from core.etags import conditional
from core.idempotency import idempotent
from core.pages import CursorPages
from core.scopes import MODERATE
from posts.models import ModerationAction, Report
from posts.moderation.examples import QUEUED, REMOVAL, REMOVED, REPORTED, SPAM
from posts.moderation.reads import action_rows, action_shapes, own_report_shape, report_rows, report_shapes
from posts.permissions import IsModerator
from posts.serializers.moderation import (
    ActionOutput,
    DecisionInput,
    QueuedReportOutput,
    QueueQuery,
    ReportInput,
    ReportOutput,
)
from posts.services.moderation import report_decide
from posts.services.reports import report_create

TAGS = ["moderation"]


class ReportView(APIView):
    permission_classes = [IsAuthenticated]
    problem_statuses = ("404",)

    @extend_schema(
        operation_id="reports_create",
        summary="Report something to staff",
        description=(
            "A repost is reported as the post that it shows, an announcement as its recipe. 200 with your first report "
            "while that is open, and nothing of it changes. What is yours is 400 `report_oneself`."
        ),
        tags=TAGS,
        request=ReportInput,
        responses={200: ReportOutput, 201: ReportOutput},
        examples=[SPAM, REPORTED],
    )
    @idempotent
    def post(self, request: Request) -> Response:
        data = ReportInput(data=request.data)
        data.is_valid(raise_exception=True)
        wanted = dict(data.validated_data)
        report, created = report_create(user=user_of(request), thing_id=wanted.pop("id"), **wanted)
        code = status.HTTP_201_CREATED if created else status.HTTP_200_OK
        return Response(own_report_shape(vars(report)), status=code)


class ReportQueueView(APIView):
    permission_classes = [IsModerator]
    scopes = {"GET": MODERATE}
    pages = CursorPages[Report](order=("id",))

    @extend_schema(
        operation_id="moderation_reports_list",
        summary="Reports, oldest first",
        description="Staff only. With what was reported, even where a block stands between its owner and the reader.",
        tags=TAGS,
        parameters=[QueueQuery],
        responses={200: QueuedReportOutput(many=True)},
        examples=[QUEUED],
    )
    def get(self, request: Request) -> HttpResponse:
        query = QueueQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        reports = report_rows(Report.objects.filter(**query.validated_data))
        return conditional(request, self.pages.respond(request, reports, report_shapes))


class ReportDecisionView(APIView):
    permission_classes = [IsModerator]
    scopes = {"GET": MODERATE, "PATCH": MODERATE}

    @extend_schema(
        operation_id="moderation_reports_read",
        summary="A report",
        description="Staff only.",
        tags=TAGS,
        responses={200: QueuedReportOutput},
        examples=[QUEUED],
    )
    def get(self, request: Request, report_id: int) -> HttpResponse:
        return self._respond(request, report_id)

    @extend_schema(
        operation_id="moderation_reports_decide",
        summary="Decide about a report",
        description=(
            "Staff only. All open reports of the same thing get the same status. With `resolved`, `remove` deletes the "
            "post, comment or recipe, and `suspend` (admins only, 403 `admins_only`) closes the owner's account and "
            "ends their sessions. 409 `already_gone`: it was deleted before; `decided_meanwhile`: somebody was faster."
        ),
        tags=TAGS,
        request=DecisionInput,
        responses={200: QueuedReportOutput},
        examples=[REMOVAL, QUEUED],
    )
    def patch(self, request: Request, report_id: int) -> HttpResponse:
        data = DecisionInput(data=request.data)
        data.is_valid(raise_exception=True)
        report = _with_thing().filter(pk=report_id).first()
        if report is None:
            raise _unknown()
        report_decide(moderator=user_of(request), report=report, **data.validated_data)
        return self._respond(request, report_id)

    def _respond(self, request: Request, report_id: int) -> HttpResponse:
        row = report_rows(Report.objects.filter(pk=report_id)).first()
        if row is None:
            raise _unknown()
        return conditional(request, Response(report_shapes([row])[0]))


class ActionListView(APIView):
    permission_classes = [IsModerator]
    scopes = {"GET": MODERATE}
    pages = CursorPages[ModerationAction]()

    @extend_schema(
        operation_id="moderation_actions_list",
        summary="What staff did, newest first",
        description="Staff only. Nothing is ever changed or deleted here.",
        tags=TAGS,
        responses={200: ActionOutput(many=True)},
        examples=[REMOVED],
    )
    def get(self, request: Request) -> HttpResponse:
        actions = action_rows(ModerationAction.objects.all())
        return conditional(request, self.pages.respond(request, actions, action_shapes))


def _with_thing() -> QuerySet[Report]:
    return Report.objects.select_related("post", "comment__post", "comment__parent", "recipe")


def _unknown() -> NotFound:
    return NotFound("There is no such report.")
