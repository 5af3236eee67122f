"""No table that points to a person is forgotten: its rows are in the export, or it is said here why they are not."""

from typing import Any

import pytest
from django.apps import apps
from django.db import models

from accounts.models import Block, User
from posts.models import NotificationActor
from tests.admin.rows import fill
from tests.posts.exports.conftest import exported
from tests.recipes.conftest import Person

# The file with the rows that point by that field to the person.
IN_FILE = {
    "accounts.Application.user": "apps",
    "accounts.Block.blocker": "blocks",
    "accounts.Follow.followee": "followers",
    "accounts.Follow.follower": "following",
    "accounts.Mute.muter": "mutes",
    "accounts.Profile.user": "account",
    "accounts.Session.user": "sessions",
    "media_pipeline.Media.owner": "media",
    "media_pipeline.UploadSession.owner": "uploads",
    "posts.Comment.author": "comments",
    "posts.CommentReaction.user": "comment_reactions",
    "posts.Digest.user": "digests",
    "posts.ModerationAction.owner": "moderation",
    "posts.Notification.recipient": "notifications",
    "posts.Post.author": "posts",
    "posts.PostReaction.user": "post_reactions",
    "posts.PostView.user": "views",
    "posts.Report.reporter": "reports",
    "posts.Save.user": "saves",
    "recipes.Rating.user": "ratings",
    "recipes.Recipe.seller": "recipes",
}
LEFT_OUT = {
    "accounts.Block.blocked": "the blocked are not told who blocks them",
    "accounts.Mute.muted": "the muted are not told who mutes them",
    "accounts.MailToken.user": "secrets, each good once and soon over",
    "admin.LogEntry.user": "what staff did in the admin: acts of office, about others",
    "core.IdempotencyKey.user": "answers that were given, kept for a day: what they made is in its own file",
    "oauth2_provider.AccessToken.user": "secrets, and none are kept there; apps that act for one are sessions",
    "oauth2_provider.DeviceGrant.user": "unused: secrets",
    "oauth2_provider.Grant.user": "secrets, good for a minute",
    "oauth2_provider.IDToken.user": "unused: secrets",
    "oauth2_provider.RefreshToken.user": "secrets, and none are kept there",
    "posts.DataExport.user": "itself",
    "posts.FeedEntry.author": "copies of what is in `posts`, in the feeds of others",
    "posts.FeedEntry.user": "made of whom one follows, and of what those wrote",
    "posts.FeedRanking.user": "a page's order, for a quarter of an hour",
    "posts.ModerationAction.moderator": "acts of office, about others",
    "posts.NotificationActor.actor": "in the notifications of others; what one did is in its own file",
    "posts.Report.user": "the reported are not told who reports them",
}


def name_of(field: Any) -> str:
    return f"{field.model._meta.label}.{field.name}"


def pointing_to_people() -> dict[str, Any]:
    return {
        name_of(field): field
        for model in apps.get_models(include_auto_created=True)
        for field in (*model._meta.concrete_fields, *model._meta.local_many_to_many)
        # The groups and rights of staff are no rows of the person's.
        if field.remote_field and field.related_model is User and field.model is model and not model._meta.auto_created
    }


def test_every_table_that_points_to_a_person_is_in_a_file_or_says_why_not() -> None:
    assert not set(IN_FILE) & set(LEFT_OUT)
    assert set(pointing_to_people()) == {*IN_FILE, *LEFT_OUT}


@pytest.fixture
def files(db: None) -> dict[str, list[dict[str, Any]]]:
    """The export of a person to whom a row of each table points by each field."""
    User.objects.create(username="row0", email="row0@example.com")
    wanted = {field.model for name, field in pointing_to_people().items() if name in IN_FILE}
    # One that nobody is shown in is not told of.
    wanted.add(NotificationActor)
    fill(sorted(wanted, key=lambda model: model._meta.label), 4)
    person = User.objects.get(username="row0")
    # Somebody with whom no other row has to do: who is blocked is in none of the other files.
    Block.objects.all().delete()
    Block.objects.create(blocker=person, blocked=User.objects.get(username="row2"))
    point_to(person)
    return exported(Person(person))


def point_to(person: User) -> None:
    """Where a field may be null, and is in rows that are made of what the models say."""
    for name in IN_FILE:
        field = pointing_to_people()[name]
        rows: models.Manager[Any] = field.model._base_manager
        if not rows.filter(**{field.name: person}).exists():
            rows.filter(pk=rows.order_by("pk").values("pk")[:1]).update(**{field.name: person})
        assert rows.filter(**{field.name: person}).exists(), name


@pytest.mark.parametrize("name", IN_FILE)
def test_its_rows_are_in_that_file(files: dict[str, list[dict[str, Any]]], name: str) -> None:
    field = pointing_to_people()[name]
    person = User.objects.get(username="row0")
    rows = field.model._base_manager.filter(**{field.name: person})
    found = {str(row["id"]) for row in files[IN_FILE[name]]}
    assert {str(key) for key in rows.values_list("pk", flat=True)} <= found
