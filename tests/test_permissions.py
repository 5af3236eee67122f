"""Who may do what: every route and method, for each of the cast (tests/actors.py).

A new route or method needs a row: the suite fails without one and says which. Things in addresses
(`{username}`, `{recipe_id}`, ...) are the owner's.
"""

import base64
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import transaction
from django.test import Client
from django.urls import get_resolver, reverse
from django.utils import timezone
from PIL import Image
from pytest_django import DjangoDbBlocker, Settings

from accounts.mail_tokens import issue
from accounts.models import Application, MailToken, User
from accounts.services.blocks import block
from accounts.services.sessions import session_open
from accounts.tokens import issue_tokens
from accounts.unsubscribing import unsubscribe_url
from core.earlier_urls import Earlier
from media_pipeline.models import Media
from media_pipeline.services import image_create
from media_pipeline.sessions import upload_open
from posts.models import Report
from posts.services.exports import export_request
from tests.actors import ACTORS, Cast, make_cast
from tests.factories import CommentFactory, PostFactory, RecipeFactory
from tests.isolation import isolation
from tests.made_once import made_once
from tests.permission_bodies import BODIES, HEADERS, OWNED, QUERIES, RAW
from tests.routed import METHODS, keys_of, methods_of, routes, rows

ROUTES = """
route                 method  anonymous customer seller owner other moderator admin revoked
auth-register         POST    201       201      201    201   201   201       201   401
auth-token            POST    200       200      200    200   200   200       200   401
auth-refresh          POST    200       200      200    200   200   200       200   200
auth-logout           POST    401       204      204    204   204   204       204   401
auth-password-change  POST    401       204      204    204   204   204       204   401
auth-password-reset   POST    202       202      202    202   202   202       202   202
auth-password-reset-confirm POST 204    204      204    204   204   204       204   204
auth-email-verify     POST    204       204      204    204   204   204       204   204
auth-email-verify-request POST 401      202      202    202   202   202       202   401
auth-email-change     POST    401       202      202    202   202   202       202   401
realtime-ticket       POST    401       201      201    201   201   201       201   401

me                    GET     401       200      200    200   200   200       200   401
me                    PATCH   401       200      200    200   200   200       200   401
me                    DELETE  401       204      204    204   204   204       204   401
me-preferences        GET     401       200      200    200   200   200       200   401
me-preferences        PATCH   401       200      200    200   200   200       200   401
me-picture            PUT     401       200      200    200   200   200       200   401
me-picture            DELETE  401       204      204    204   204   204       204   401
me-cover              PUT     401       200      200    200   200   200       200   401
me-cover              DELETE  401       204      204    204   204   204       204   401
me-sessions           GET     401       200      200    200   200   200       200   401
me-sessions           DELETE  401       204      204    204   204   204       204   401
me-export             POST    401       202      202    202   202   202       202   401
me-export             GET     401       404      404    200   404   404       404   401
me-blocked            GET     401       200      200    200   200   200       200   401
me-muted              GET     401       200      200    200   200   200       200   401

user-list             GET     200       200      200    200   200   200       200   401
user-detail           GET     200       200      200    200   200   200       200   401
user-follow           PUT     401       200      200    400   200   200       200   401
user-follow           DELETE  401       200      200    200   200   200       200   401
user-block            PUT     401       200      200    400   200   200       200   401
user-block            DELETE  401       200      200    200   200   200       200   401
user-mute             PUT     401       200      200    400   200   200       200   401
user-mute             DELETE  401       200      200    200   200   200       200   401
user-followers        GET     200       200      200    200   200   200       200   401
user-following        GET     200       200      200    200   200   200       200   401
user-recipes          GET     200       200      200    200   200   200       200   401

recipe-list           GET     200       200      200    200   200   200       200   401
recipe-list           POST    401       403      201    201   201   403       403   401
recipe-import         POST    401       403      201    201   201   403       403   401
recipe-detail         GET     200       200      200    200   200   200       200   401
recipe-detail         PATCH   401       403      403    200   403   403       403   401
recipe-detail         DELETE  401       403      403    204   403   204       204   401
recipe-rate           POST    401       201      403    403   403   201       201   401
recipe-rate           DELETE  401       204      204    204   204   204       204   401
recipe-ratings        GET     200       200      200    200   200   200       200   401

post-list             GET     200       200      200    200   200   200       200   401
post-list             POST    401       201      201    201   201   201       201   401
post-detail           GET     200       200      200    200   200   200       200   401
post-detail           PATCH   401       403      403    200   403   403       403   401
post-detail           DELETE  401       403      403    204   403   204       204   401
post-repost           PUT     401       201      201    201   201   201       201   401
post-repost           DELETE  401       204      204    204   204   204       204   401
user-posts            GET     200       200      200    200   200   200       200   401
scheduled-post-list   GET     401       200      200    200   200   200       200   401
scheduled-post-detail GET     401       404      404    200   404   404       404   401
scheduled-post-detail PATCH   401       404      404    200   404   404       404   401
scheduled-post-detail DELETE  401       404      404    204   404   404       404   401

post-comments         GET     200       200      200    200   200   200       200   401
post-comments         POST    401       201      201    201   201   201       201   401
recipe-comments       GET     200       200      200    200   200   200       200   401
recipe-comments       POST    401       201      201    201   201   201       201   401
comment-replies       GET     200       200      200    200   200   200       200   401
comment-replies       POST    401       201      201    201   201   201       201   401
comment-detail        GET     200       200      200    200   200   200       200   401
comment-detail        PATCH   401       403      403    200   403   403       403   401
comment-detail        DELETE  401       403      403    204   403   204       204   401
post-like             PUT     401       200      200    200   200   200       200   401
post-like             DELETE  401       200      200    200   200   200       200   401
post-dislike          PUT     401       200      200    200   200   200       200   401
post-dislike          DELETE  401       200      200    200   200   200       200   401
recipe-like           PUT     401       200      200    200   200   200       200   401
recipe-like           DELETE  401       200      200    200   200   200       200   401
comment-like          PUT     401       200      200    200   200   200       200   401
comment-like          DELETE  401       200      200    200   200   200       200   401
comment-dislike       PUT     401       200      200    200   200   200       200   401
comment-dislike       DELETE  401       200      200    200   200   200       200   401
post-save             PUT     401       200      200    200   200   200       200   401
post-save             DELETE  401       200      200    200   200   200       200   401
recipe-save           PUT     401       200      200    200   200   200       200   401
recipe-save           DELETE  401       200      200    200   200   200       200   401
me-liked              GET     401       200      200    200   200   200       200   401
me-saved              GET     401       200      200    200   200   200       200   401
me-follow-suggestions GET     401       200      200    200   200   200       200   401

feed                  GET     401       200      200    200   200   200       200   401
views                 POST    401       200      200    200   200   200       200   401

notification-list     GET     401       200      200    200   200   200       200   401
notification-unread-count GET 401       200      200    200   200   200       200   401
notification-read     POST    401       200      200    200   200   200       200   401

report-list           POST    401       201      201    400   201   201       201   401
moderation-report-list GET    401       403      403    403   403   200       200   401
moderation-report     GET     401       403      403    403   403   200       200   401
moderation-report     PATCH   401       403      403    403   403   200       200   401
moderation-action-list GET    401       403      403    403   403   200       200   401

search                GET     200       200      200    200   200   200       200   401
tag-list              GET     200       200      200    200   200   200       200   401
tag-posts             GET     200       200      200    200   200   200       200   401

media-list            POST    401       202      202    202   202   202       202   401
media-detail          GET     401       404      404    200   404   404       404   401
default-picture       GET     200       200      200    200   200   200       200   200
media-detail          DELETE  401       404      404    204   404   404       404   401
media-original        GET     401       404      404    200   404   404       404   401

upload-list           POST    401       201      201    201   201   201       201   401
upload-detail         GET     401       404      404    200   404   404       404   401
upload-detail         DELETE  401       404      404    204   404   404       404   401
upload-chunk          PUT     401       404      404    201   404   404       404   401
upload-finalize       POST    401       404      404    409   404   404       404   401
tus-list              POST    401       201      201    201   201   201       201   401
tus-detail            PATCH   401       404      404    204   404   404       404   401
tus-detail            DELETE  401       404      404    204   404   404       404   401

events                GET     200       200      200    200   200   200       200   401

oauth2_provider:authorize GET  302      302      302    302   302   302       302   302
oauth2_provider:authorize POST 302      302      302    302   302   302       302   302
oauth2_provider:apps  GET     302       302      302    302   302   302       302   302
oauth2_provider:apps  POST    302       302      302    302   302   302       302   302
oauth2_provider:sign-in GET   200       200      200    200   200   200       200   200
oauth2_provider:sign-in POST  400       400      400    400   400   400       400   400
oauth2_provider:sign-out POST 302       302      302    302   302   302       302   302
oauth2_provider:token POST    400       400      400    400   400   400       400   400
oauth2_provider:revoke-token POST 200   200      200    200   200   200       200   200
oauth2_provider:oauth-server-metadata GET 200 200 200   200   200   200       200   200
account-password      GET     200       200      200    200   200   200       200   200
account-email         GET     200       200      200    200   200   200       200   200
account-unsubscribe   GET     200       200      200    200   200   200       200   200
account-unsubscribe   POST    200       200      200    200   200   200       200   200

live                  GET     200       200      200    200   200   200       200   200
schema                GET     200       200      200    200   200   200       200   200
asyncapi              GET     200       200      200    200   200   200       200   200
docs                  GET     200       200      200    200   200   200       200   200
redoc                 GET     200       200      200    200   200   200       200   200
"""

# The pages of OAuth, too: these people are not signed in there, and are sent to where one signs in.
# The admin knows the sessions of Django's own login alone, and no token.
ADMIN_PAGES = """
page                          anonymous customer seller owner other moderator admin
admin:index                   302       302      302    302   302   302       200
admin:login                   200       200      200    200   200   200       302
admin:accounts_user_changelist 302      302      302    302   302   302       200
"""


EXPECTED = {(name, method): dict(zip(ACTORS, map(int, codes), strict=True)) for name, method, *codes in rows(ROUTES)}


ROUTED = {name: pattern for name, pattern in routes(get_resolver()) if not name.startswith("admin:")}
# An address of an earlier system has its successor's rows: it is the same view.
EARLIER = {name: pattern for name, pattern in ROUTED.items() if isinstance(pattern.callback, Earlier)}
KNOWN = {name: pattern for name, pattern in ROUTED.items() if name not in EARLIER}


@dataclass(frozen=True)
class Made:
    """What all tests of a module begin with, and where its files are."""

    cast: Cast
    things: dict[str, Any]
    folder: Path


@pytest.fixture(scope="module")
def made(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Made]:
    folder = tmp_path_factory.mktemp("made")

    def make() -> Made:
        cast = make_cast()
        return Made(cast, make_things(cast), folder)

    with made_once(make, django_db_blocker, folder) as made:
        yield made


@pytest.fixture
def cast(db: None, made: Made, settings: Settings) -> Cast:
    for name, value in isolation(made.folder).items():
        setattr(settings, name, value)
    return made.cast.copied()


@pytest.fixture
def things(cast: Cast, made: Made) -> dict[str, Any]:
    return dict(made.things)


def make_things(cast: Cast) -> dict[str, Any]:
    """The owner's things, by the names that addresses and bodies call them."""
    data = io.BytesIO()
    Image.new("RGB", (8, 8), "tomato").save(data, "PNG")
    RecipeFactory(seller=cast.other)
    with transaction.atomic():
        media = image_create(owner=cast.owner, data=data.getvalue())
    # The original is served once the media is worked on.
    Media.objects.filter(pk=media.pk).update(status=Media.Status.READY, width=8, height=8)
    post, recipe = PostFactory(author=cast.owner), RecipeFactory(seller=cast.owner)
    export_request(user=cast.owner)
    return {
        "username": cast.owner.username,
        "post_id": post.pk,
        "comment_id": CommentFactory(post=post, author=cast.owner).pk,
        "scheduled_id": PostFactory(author=cast.owner, status="scheduled", publish_at=timezone.now()).pk,
        "recipe_id": recipe.pk,
        "recipe_channel": f"recipe:{recipe.pk}",
        "media_id": media.pk,
        "kind": "picture",
        "name": "7-AL",
        "upload_id": upload_open(owner=cast.owner, length=2, chunk_size=1).pk,
        "tus_id": upload_open(owner=cast.owner, length=2).pk,
        "index": "0",
        "tag": "soup",
        "report_id": Report.objects.create(target="user", target_id=cast.owner.pk, user=cast.owner, reason="spam").pk,
        "picture": base64.b64encode(data.getvalue()).decode(),
        "client_id": Application.objects.create(name="App", redirect_uris="https://app.example/back").client_id,
        "reset_token": issue(user=cast.owner, purpose=MailToken.Purpose.RESET, email=cast.owner.email)[0],
        "verify_token": issue(user=cast.owner, purpose=MailToken.Purpose.VERIFY, email=cast.owner.email)[0],
        "unsubscribe_token": unsubscribe_url(cast.owner.pk).partition("=")[2],
        "refresh": issue_tokens(session_open(user=cast.owner))["refresh"],
    }


def address(name: str, things: dict[str, Any]) -> str:
    return reverse(name, kwargs={key: things[key] for key in keys_of(KNOWN[name])})


def in_vain(call: Callable[[], Any]) -> Any:
    """The result of CALL, all of whose changes are rolled back, so that each actor finds the same."""
    with transaction.atomic():
        result = call()
        transaction.set_rollback(True)
    return result


def test_every_route_and_method_has_a_row() -> None:
    known = {(name, method) for name, pattern in KNOWN.items() for method in methods_of(pattern)}
    missing, gone = sorted(known - set(EXPECTED)), sorted(set(EXPECTED) - known)
    assert not missing, f"add to ROUTES in {__name__}, with the status for each actor: {missing}"
    assert not gone, f"take out of ROUTES in {__name__}, no route has it any more: {gone}"


@pytest.mark.parametrize("name", EARLIER)
def test_an_address_of_an_earlier_system_is_the_view_of_its_successor(name: str) -> None:
    earlier = EARLIER[name].callback
    assert issubclass(earlier.view.view_class, KNOWN[earlier.successor].callback.view_class)


def status_for(client: Any, name: str, method: str, things: dict[str, Any]) -> int:
    """What CLIENT is answered, whatever of which is rolled back."""
    body = filled(BODIES.get((name, method), {}), things)
    arguments: dict[str, Any] = {"data": body} if method == "GET" else {"data": body, "format": "json"}
    if (name, method) in RAW:
        data, content_type = RAW[name, method]
        arguments = {"data": data, "content_type": content_type}
    arguments["headers"] = HEADERS.get((name, method), {})
    send = getattr(client, method.lower())
    path = address(name, things)
    if name in QUERIES:
        path += "?" + urlencode(filled(QUERIES[name], things))
    return in_vain(lambda: send(path, **arguments)).status_code


def filled(texts: dict[str, Any], things: dict[str, Any]) -> dict[str, Any]:
    """TEXTS with things in the place of `{name}`."""
    return {
        key: things[text[1:-1]] if isinstance(text, str) and text.startswith("{") else text
        for key, text in texts.items()
    }


@pytest.mark.parametrize(("name", "method"), EXPECTED, ids=[" ".join(key) for key in EXPECTED])
def test_each_actor_gets_the_status_of_the_table(cast: Cast, things: dict[str, Any], name: str, method: str) -> None:
    found = {actor: status_for(cast.clients[actor], name, method, things) for actor in ACTORS}
    assert found == EXPECTED[name, method]


@pytest.mark.parametrize(("name", "method"), EXPECTED, ids=[" ".join(key) for key in EXPECTED])
def test_whom_the_owner_has_blocked_finds_nothing_of_the_owners(
    cast: Cast, things: dict[str, Any], name: str, method: str
) -> None:
    block(blocker=cast.owner, blocked=cast.users["customer"])
    body = {str(value) for value in BODIES.get((name, method), {}).values()}
    of_owner = keys_of(KNOWN[name]) & OWNED or body & {f"{{{key}}}" for key in OWNED}
    # Blocking in return is for everybody.
    expected = 404 if of_owner and name != "user-block" else EXPECTED[name, method]["customer"]
    assert status_for(cast.clients["customer"], name, method, things) == expected


@pytest.mark.parametrize(("name", "method"), EXPECTED, ids=[" ".join(key) for key in EXPECTED])
def test_premium_opens_no_route(cast: Cast, things: dict[str, Any], name: str, method: str) -> None:
    """It unlocks what is in an answer; the statuses are a customer's."""
    User.objects.filter(pk=cast.users["customer"].pk).update(premium_until=timezone.now() + timedelta(days=1))
    assert status_for(cast.clients["customer"], name, method, things) == EXPECTED[name, method]["customer"]


@pytest.mark.parametrize("name", KNOWN)
def test_a_method_that_a_route_does_not_take_changes_nothing_for_anyone(
    cast: Cast, things: dict[str, Any], name: str
) -> None:
    for method in set(METHODS) - methods_of(KNOWN[name]):
        for actor in ACTORS:
            response = getattr(cast.clients[actor], method.lower())(address(name, things))
            assert response.status_code in (401, 403, 405), (method, actor)
        response = getattr(cast.clients["admin"], method.lower())(address(name, things))
        assert response.status_code == 405, method
        assert method not in response["Allow"]


def test_no_token_opens_a_page_of_the_admin(cast: Cast) -> None:
    for name, pattern in routes(get_resolver()):
        # Signing in and out is for everyone; what has no name redirects to a page that has one.
        if name.startswith("admin:") and pattern.name and name not in ("admin:login", "admin:logout"):
            arguments = {key: "accounts" if key == "app_label" else "1" for key in keys_of(pattern)}
            path = reverse(name, kwargs=arguments)
            for actor in ACTORS:
                response = cast.clients[actor].get(path)
                assert response.status_code in (302, 405), (path, actor)
                if response.status_code == 302:
                    assert response["Location"].startswith("/admin/login/"), (path, actor)


@pytest.mark.parametrize("row", list(rows(ADMIN_PAGES)), ids=lambda row: row[0])
def test_the_admin_opens_for_staff_alone(cast: Cast, row: list[str]) -> None:
    name, *codes = row
    for actor, code in zip(ACTORS, codes, strict=False):
        client = Client()
        if actor in cast.users:
            client.force_login(cast.users[actor])
        assert client.get(reverse(name)).status_code == int(code), actor
