"""Blocking and muting people, and the lists of both."""

from typing import Any

from django.db.models import Exists, OuterRef
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.models import Block, Mute, User, relations_of
from accounts.serializers import BlockOutput, MuteOutput, UserOutput
from accounts.services.blocks import block, unblock
from accounts.services.mutes import mute, unmute
from accounts.shapes import page_of, withheld_user
from accounts.views.people import get_user_for_viewer, person_of
from core.etags import conditional
from core.pages import CursorPages


def get_person(username: str) -> User:
    """Whether or not they have blocked the one who asks: their blocks must not keep anybody from blocking."""
    return person_of(User.objects.filter(is_active=True), username)


class BlockView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="users_block",
        summary="Block a person",
        description=(
            "The two of you see nothing of each other any more, and follows between you end. They are not told: you "
            "are as if you did not exist (404). Blocking twice changes nothing; blocking oneself is 400."
        ),
        tags=["users"],
        request=None,
        responses={200: BlockOutput},
    )
    def put(self, request: Request, username: str) -> Response:
        person = get_person(username)
        block(blocker=user_of(request), blocked=person)
        return Response({"user_id": person.pk, "is_blocked": True})

    @extend_schema(
        operation_id="users_unblock",
        summary="Block a person no longer",
        description="Follows that the block ended do not come back.",
        tags=["users"],
        request=None,
        responses={200: BlockOutput},
    )
    def delete(self, request: Request, username: str) -> Response:
        person = get_person(username)
        unblock(blocker=user_of(request), blocked=person)
        return Response({"user_id": person.pk, "is_blocked": False})


class MuteView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="users_mute",
        summary="Mute a person",
        description=(
            "You hear no more of them, and they do not know. Their own page and what is on it stay. Muting twice "
            "changes nothing; muting oneself is 400."
        ),
        tags=["users"],
        request=None,
        responses={200: MuteOutput},
    )
    def put(self, request: Request, username: str) -> Response:
        person = get_user_for_viewer(request.user, username)
        mute(muter=user_of(request), muted=person)
        return Response({"user_id": person.pk, "is_muted": True})

    @extend_schema(
        operation_id="users_unmute",
        summary="Mute a person no longer",
        tags=["users"],
        request=None,
        responses={200: MuteOutput},
    )
    def delete(self, request: Request, username: str) -> Response:
        person = get_user_for_viewer(request.user, username)
        unmute(muter=user_of(request), muted=person)
        return Response({"user_id": person.pk, "is_muted": False})


class BlockedView(APIView):
    permission_classes = [IsAuthenticated]
    pages = CursorPages[Block]()

    @extend_schema(
        operation_id="me_blocked",
        summary="Whom you have blocked",
        description="Newest block first. Of those who have blocked you, too, nothing but the username is shown.",
        tags=["me"],
        responses={200: UserOutput(many=True)},
    )
    def get(self, request: Request) -> HttpResponse:
        viewer = user_of(request)
        blocks = (
            Block.objects.filter(blocker=viewer, blocked__is_active=True)
            .select_related("blocked__profile__picture", "blocked__profile__cover")
            .annotate(
                **relations_of(viewer, "blocked_id"),
                is_mutual=Exists(Block.objects.filter(blocker=OuterRef("blocked_id"), blocked=viewer)),
            )
        )

        def shape(rows: list[Any]) -> list[dict[str, Any]]:
            return [withheld_user(row.blocked) if row.is_mutual else page_of(row.blocked, row) for row in rows]

        return conditional(request, self.pages.respond(request, blocks, shape))


class MutedView(APIView):
    permission_classes = [IsAuthenticated]
    pages = CursorPages[Mute]()

    @extend_schema(
        operation_id="me_muted",
        summary="Whom you have muted",
        description="Newest first, without those with whom there is a block.",
        tags=["me"],
        responses={200: UserOutput(many=True)},
    )
    def get(self, request: Request) -> HttpResponse:
        viewer = user_of(request)
        mutes = (
            Mute.objects.filter(muter=viewer, muted__in=User.objects.listed_for(viewer))
            .select_related("muted__profile__picture", "muted__profile__cover")
            .annotate(**relations_of(viewer, "muted_id"))
        )
        page = self.pages.respond(request, mutes, lambda rows: [page_of(row.muted, row) for row in rows])
        return conditional(request, page)
