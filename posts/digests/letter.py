"""The mail itself."""

from datetime import date
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.utils.crypto import salted_hmac
from django.utils.text import Truncator

from accounts.models import User
from accounts.unsubscribing import unsubscribe_url
from core.addresses import absolute
from core.mail import compose, link
from posts.digests.contents import Contents

EXCERPT = 140
NAME = 60


def write(user: User, contents: Contents, *, day: date) -> EmailMultiAlternatives:
    """The digest of DAY for USER, in text and HTML, with a way out that takes one click (RFC 8058)."""
    unsubscribe = unsubscribe_url(user.pk)
    host = settings.PUBLIC_URL.partition("://")[2].partition("/")[0].partition(":")[0]
    context = {
        "name": user.shown_name,
        "day": f"{day:%A}, {day.day} {day:%B}",
        "new": [_card(recipe) for recipe in contents.new],
        "has_more": contents.has_more,
        "best": [_card(recipe) for recipe in contents.best],
        "unread": contents.unread,
        "unsubscribe_url": unsubscribe,
    }
    headers = {
        "List-Unsubscribe": f"<{unsubscribe}>",
        "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        "List-Id": f"Simmer digest <digest.{host}>",
        # The same for the same person and day, whoever sends it: a mail that came is found in a mail server's log.
        "Message-ID": f"<digest.{day:%Y%m%d}.{salted_hmac('digest', str(user.pk)).hexdigest()[:16]}@{host}>",
    }
    return compose("digest", context, to=user.email, subject=_subject(contents), headers=headers)


def _subject(contents: Contents) -> str:
    """The first recipe by name: people open what they want to eat."""
    first, *others = contents.new or contents.best
    name = Truncator(" ".join(first["name"].split())).chars(NAME)
    count = len(others)
    if not contents.new:
        return f"Best of the day: {name}"
    if not count:
        return f"New: {name}"
    return f"New: {name} and {'more than ' if contents.has_more else ''}{count} other{'s' if count > 1 else ''}"


def _card(recipe: dict[str, Any]) -> dict[str, Any]:
    """What a mail shows of a recipe in the shape of the API. Of a locked one that has no description."""
    small = ((recipe["image"] or {}).get("renditions") or {}).get("small")
    minutes = (recipe["prep_minutes"] or 0) + (recipe["cook_minutes"] or 0)
    return {
        "name": recipe["name"],
        "initial": recipe["name"].strip()[:1].upper(),
        "seller": recipe["seller"]["display_name"],
        "url": link("recipe", id=recipe["id"]),
        "image": absolute(small["url"]) if small else None,
        "excerpt": Truncator(" ".join(recipe["description"].split())).chars(EXCERPT),
        "minutes": minutes or None,
        "average": recipe["avg_rating"],
        "ratings": recipe["rating_count"],
        "locked": recipe["locked"],
    }
