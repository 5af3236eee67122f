"""What is in the mail, and whether there is one."""

from datetime import timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import Follow, Profile, User
from accounts.services.blocks import block
from accounts.services.mutes import mute
from media_pipeline.models import Media
from posts.digests import planning
from posts.models import Digest, Notification, NotificationActor
from realtime.jobs import execute
from realtime.models import Job
from recipes.models import Recipe
from tests.factories import SellerFactory, UserFactory
from tests.mailbox import Mailbox, html_of, text_of
from tests.posts.digests.conftest import MORNING, Clock, publish, rate, reader_in, states, tick

pytestmark = pytest.mark.django_db
EARLIER = MORNING - timedelta(hours=2)


@pytest.fixture
def ann(clock: Clock) -> User:
    return reader_in(username="ann", email="ann@example.com", display_name="Ann Lee")


def the_mail(mailbox: Mailbox) -> EmailMessage:
    """Ann's one."""
    tick()
    [message] = mailbox.to("ann@example.com")
    return message


def both(message: EmailMessage) -> list[str]:
    return [text_of(message), html_of(message)]


def test_it_tells_of_new_recipes_by_those_whom_one_follows(ann: User, mailbox: Mailbox, settings: Any) -> None:
    soup = publish(at=EARLIER, followed_by=ann, name="Leek & potato soup", description="Slowly.\n\nWith cream.")
    publish(at=EARLIER, name="Somebody else's soup")
    publish(at=MORNING - timedelta(hours=25), seller=soup.seller, name="Yesterday's soup")
    publish(at=MORNING, seller=soup.seller, name="Tomorrow's soup")

    message = the_mail(mailbox)
    assert message["Subject"] == "New: Leek & potato soup"
    assert message["From"] == settings.DEFAULT_FROM_EMAIL
    assert "Leek &amp; potato soup" in html_of(message)
    for part in both(message):
        assert "Ann Lee" in part
        assert "Wednesday, 4 March" in part
        assert "Slowly. With cream." in part
        assert f"{settings.PUBLIC_URL}/#recipe-{soup.pk}" in part
        for other in ("Somebody", "Yesterday", "Tomorrow"):
            assert other not in part
    assert states()["sent"] == 1


def test_it_tells_of_what_was_rated_best(ann: User, mailbox: Mailbox) -> None:
    good, better, poor, old = (
        publish(at=MORNING - timedelta(days=30), name=name) for name in ("good", "better", "poor", "old")
    )
    rate(good, 4, at=EARLIER)
    rate(better, 5, at=EARLIER, times=3)
    rate(poor, 2, at=EARLIER, times=5)
    rate(old, 5, at=MORNING - timedelta(days=2), times=5)
    message = the_mail(mailbox)
    assert message["Subject"] == "Best of the day: better"
    for part in both(message):
        assert part.index("better") < part.index("good")
        assert "poor" not in part
        assert ">old<" not in part and "* old" not in part
    assert "5.0 of 5 stars, 3 ratings" in text_of(message)


def test_a_recipe_that_is_both_new_and_best_is_told_of_once(ann: User, mailbox: Mailbox) -> None:
    rate(publish(at=EARLIER, followed_by=ann, name="Gratin"), 5, at=EARLIER, times=2)
    text = text_of(the_mail(mailbox))
    assert text.count("* Gratin") == 1
    assert "RATED BEST" not in text


def test_with_nothing_to_say_no_mail_is_sent_and_the_ledger_says_so(ann: User, mailbox: Mailbox) -> None:
    tick()
    assert mailbox.messages == []
    assert states() == {"empty": 1}


def test_nobody_is_told_of_their_own_recipes(clock: Clock, mailbox: Mailbox) -> None:
    seller = SellerFactory(email="ann@example.com")
    rate(publish(at=EARLIER, seller=seller), 5, at=EARLIER)
    Profile.objects.exclude(user=seller).update(digest=False)
    tick()
    assert states() == {"empty": 1}


@pytest.mark.parametrize("how", ["blocks", "is blocked", "mutes", "closed"])
@pytest.mark.parametrize("is_new", [True, False], ids=["new", "best"])
def test_whom_one_does_not_hear_of_is_not_in_it(ann: User, mailbox: Mailbox, how: str, is_new: bool) -> None:
    bob = SellerFactory(username="bob")
    recipe = publish(at=EARLIER if is_new else MORNING - timedelta(days=9), seller=bob, name="Stew")
    if not is_new:
        rate(recipe, 5, at=EARLIER)
    if how == "blocks":
        block(blocker=ann, blocked=bob)
    elif how == "is blocked":
        block(blocker=bob, blocked=ann)
    elif how == "mutes":
        mute(muter=ann, muted=bob)
    else:
        User.objects.filter(pk=bob.pk).update(is_active=False)
    # A follow that such a thing has not ended.
    Follow.objects.get_or_create(follower=ann, followee=bob)
    tick()
    assert mailbox.to("ann@example.com") == []
    assert Digest.objects.get(user=ann).state == "empty"


def test_a_premium_recipe_shows_its_name_and_no_more_to_who_has_no_premium(ann: User, mailbox: Mailbox) -> None:
    publish(at=EARLIER, followed_by=ann, name="Truffles", description="The secret.", visibility="premium")
    message = the_mail(mailbox)
    for part in both(message):
        assert "Truffles" in part
        assert "secret" not in part
        assert "premium" in part


def test_a_premium_recipe_is_shown_whole_to_who_has_premium(ann: User, mailbox: Mailbox) -> None:
    User.objects.filter(pk=ann.pk).update(premium_until=timezone.now() + timedelta(days=1))
    publish(at=EARLIER, followed_by=ann, name="Truffles", description="The secret.", visibility="premium")
    for part in both(the_mail(mailbox)):
        assert "The secret." in part
        assert "premium" not in part


def test_what_people_write_is_text_in_html(ann: User, mailbox: Mailbox) -> None:
    publish(at=EARLIER, followed_by=ann, name="<b>Soup</b>\r\nBcc: eve@example.com", description="<script>x</script>")
    message = the_mail(mailbox)
    assert message["Subject"] == "New: <b>Soup</b> Bcc: eve@example.com"
    assert message["Bcc"] is None
    assert "<script>" not in html_of(message)
    assert "<b>" not in html_of(message)
    assert "<b>Soup</b>" in text_of(message)


def test_many_new_recipes_are_eight_and_more(ann: User, mailbox: Mailbox) -> None:
    seller = SellerFactory()
    for number in range(10):
        publish(at=EARLIER + timedelta(minutes=number), seller=seller, followed_by=ann, name=f"Soup {number}")
    message = the_mail(mailbox)
    assert message["Subject"] == "New: Soup 9 and more than 7 others"
    assert text_of(message).count("* Soup") == 8
    assert "and more" in text_of(message)


@pytest.mark.parametrize("wanted", [True, False])
def test_it_says_how_many_notifications_wait_if_that_is_wanted(ann: User, mailbox: Mailbox, wanted: bool) -> None:
    publish(at=EARLIER, followed_by=ann)
    unread = Notification.objects.create(recipient=ann, kind="follow", group_key="follow", actor_count=1)
    NotificationActor.objects.create(notification=unread, actor=UserFactory())
    Profile.objects.filter(user=ann).update(email_notifications=wanted)
    for part in both(the_mail(mailbox)):
        assert ("notification" in part) is wanted


def test_who_does_not_want_it_gets_none_and_one_click_is_enough(
    ann: User, mailbox: Mailbox, clock: Clock, settings: Any
) -> None:
    recipe = publish(at=EARLIER, followed_by=ann)
    message = the_mail(mailbox)
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    url = message["List-Unsubscribe"].strip().strip("<>")
    assert url in text_of(message)
    assert Client().post(url.removeprefix(settings.PUBLIC_URL)).status_code == 200

    clock.now += timedelta(days=1)
    publish(at=clock.now - timedelta(hours=1), seller=recipe.seller)
    tick()
    assert len(mailbox.to("ann@example.com")) == 1
    assert Digest.objects.filter(user=ann).count() == 1


def test_who_opts_out_between_planning_and_sending_gets_none(ann: User, mailbox: Mailbox) -> None:
    publish(at=EARLIER, followed_by=ann)
    planning.begin()
    execute(Job.objects.get(task="posts.plan_digests").pk)
    Profile.objects.filter(user=ann).update(digest=False)
    tick()
    assert mailbox.to("ann@example.com") == []
    assert Digest.objects.get(user=ann).state == "skipped"


def test_closed_accounts_get_none(ann: User, mailbox: Mailbox) -> None:
    publish(at=EARLIER, followed_by=ann)
    User.objects.filter(pk=ann.pk).update(is_active=False)
    tick()
    assert not Digest.objects.filter(user=ann).exists()


def test_the_mail_has_headers_that_mail_providers_ask_for(ann: User, mailbox: Mailbox) -> None:
    publish(at=EARLIER, followed_by=ann)
    message = the_mail(mailbox)
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Message-ID"].startswith("<digest.20260304.")
    assert message["List-Id"]
    assert message["Date"]
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_the_photo_is_one_that_a_mail_program_can_load(ann: User, mailbox: Mailbox, settings: Any) -> None:
    recipe = publish(at=EARLIER, followed_by=ann)
    media = Media.objects.create(
        owner=recipe.seller, kind="image", status="ready",
        renditions={"small": {"jpeg": "a/b.jpg", "webp": "a/b.webp", "width": 320, "height": 320}},
    )  # fmt: skip
    Recipe.objects.filter(pk=recipe.pk).update(image=media)
    assert f'src="{settings.PUBLIC_URL}/media/a/b.jpg"' in html_of(the_mail(mailbox))
