"""People as others see them, and following."""

from typing import Any

from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from accounts.models import Follow, User, UserQuerySet, relations_of
from accounts.search import named_like
from accounts.serializers import FollowOutput, PeopleQuery, UserOutput
from accounts.services.follows import follow, unfollow
from accounts.shapes import page_of
from core.errors import NotFound
from core.etags import conditional
from core.pages import CursorPages
from core.schema import STREAM_POSITION
from realtime.positions import stream_position

TAGS = ["users"]


def get_user_for_viewer(viewer: Any, username: str) -> User:
    """The person of that username, in any case of letters. NotFound when there is none whom `viewer` may see."""
    return person_of(User.objects.visible_to(viewer), username)


def person_of(people: UserQuerySet, username: str) -> User:
    """The one of PEOPLE with that username, in any case of letters; NotFound when there is none."""
    # PostgreSQL cannot even be asked for a NUL.
    user = people.named(username).first() if username.isprintable() else None
    if user is None:
        raise NotFound("There is no such person.")
    return user


class UserListView(APIView):
    pages = CursorPages[User]()

    @extend_schema(
        operation_id="users_list",
        summary="Find people",
        description=(
            "Newest first. `q`: whose username begins with it, or in whose display name a word begins with each of its "
            "words. Nobody whom you have blocked or who has blocked you."
        ),
        tags=TAGS,
        parameters=[PeopleQuery],
        responses={200: UserOutput(many=True)},
    )
    def get(self, request: Request) -> HttpResponse:
        query = PeopleQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        people = User.objects.listed_for(request.user)
        if q := query.validated_data.get("q"):
            people = named_like(people, q)
        page = self.pages.respond(request, people.with_page(request.user), lambda rows: [page_of(row) for row in rows])
        return conditional(request, page)


class UserDetailView(APIView):
    @extend_schema(
        operation_id="users_read",
        summary="A person",
        description="The username in any case of letters. `Stream-Position` is that of the channel `user:{id}`.",
        tags=TAGS,
        parameters=[STREAM_POSITION],
        responses={200: UserOutput},
    )
    def get(self, request: Request, username: str) -> HttpResponse:
        found = get_user_for_viewer(request.user, username)
        position = stream_position(f"user:{found.pk}")
        user = User.objects.visible_to(request.user).with_page(request.user).filter(pk=found.pk).first()
        if user is None:
            raise NotFound("There is no such person.")
        response = Response(page_of(user), headers={"Stream-Position": position})
        return conditional(request, response, version=user.profile.version)


class FollowView(APIView):
    permission_classes = [IsAuthenticated]

    @extend_schema(
        operation_id="users_follow",
        summary="Follow a person",
        description="Following twice changes nothing. Following oneself is 400, whom one has blocked 409 `blocked`.",
        tags=TAGS,
        request=None,
        responses={200: FollowOutput},
    )
    def put(self, request: Request, username: str) -> Response:
        followee = get_user_for_viewer(request.user, username)
        count = follow(follower=user_of(request), followee=followee)
        return Response({"user_id": followee.pk, "is_following": True, "follower_count": count})

    @extend_schema(
        operation_id="users_unfollow",
        summary="Follow a person no longer",
        tags=TAGS,
        request=None,
        responses={200: FollowOutput},
    )
    def delete(self, request: Request, username: str) -> Response:
        followee = get_user_for_viewer(request.user, username)
        count = unfollow(follower=user_of(request), followee=followee)
        return Response({"user_id": followee.pk, "is_following": False, "follower_count": count})


class FollowListView(APIView):
    """People on one side of a person's follows, newest follow first."""

    pages = CursorPages[Follow]()
    # The side that the person of the address is on, and the side that is listed.
    person: str
    listed: str

    def respond(self, request: Request, username: str) -> HttpResponse:
        user = get_user_for_viewer(request.user, username)
        follows = (
            Follow.objects.filter(**{self.person: user, f"{self.listed}__in": User.objects.listed_for(request.user)})
            .select_related(f"{self.listed}__profile__picture", f"{self.listed}__profile__cover")
            .annotate(**relations_of(request.user, f"{self.listed}_id"))
        )
        page = self.pages.respond(
            request, follows, lambda rows: [page_of(getattr(row, self.listed), row) for row in rows]
        )
        return conditional(request, page)


class FollowersView(FollowListView):
    person, listed = "followee", "follower"

    @extend_schema(
        operation_id="users_followers",
        summary="Who follows a person",
        tags=TAGS,
        responses={200: UserOutput(many=True)},
    )
    def get(self, request: Request, username: str) -> HttpResponse:
        return self.respond(request, username)


class FollowingView(FollowListView):
    person, listed = "follower", "followee"

    @extend_schema(
        operation_id="users_following",
        summary="Whom a person follows",
        tags=TAGS,
        responses={200: UserOutput(many=True)},
    )
    def get(self, request: Request, username: str) -> HttpResponse:
        return self.respond(request, username)
