"""What the routes of people take. Output classes are for the API's description: `shapes.py` makes the answers."""

import zoneinfo
from functools import cache
from typing import Any

from django.core.validators import URLValidator
from drf_spectacular.utils import OpenApiExample, extend_schema_serializer
from rest_framework import serializers

from accounts.models import Profile, User
from core.fields import OneLine, Opaque, Prose, YesNo
from core.scopes import MODERATE, READ, WRITE
from media_pipeline.serializers import ImageOutput, PictureField

# Longer ones are no safer and only cost time to hash.
PASSWORD_MAX = 128
# What no client may write about itself, and what has a route of its own: named in the refusal, not skipped silently.
NOT_WRITABLE = (
    "id", "username", "email", "email_verified", "new_email", "password", "role", "staff_role", "premium_until",
    "is_premium", "is_moderator", "is_staff", "is_superuser", "is_active", "groups", "user_permissions",
)  # fmt: skip
# What a profile shows and has a route of its own, by the names that clients of earlier systems use too.
HAS_OWN_ROUTE = {
    **dict.fromkeys(("picture", "profile_picture", "picture_url"), "/api/me/picture/"),
    **dict.fromkeys(("cover", "cover_picture", "cover_url"), "/api/me/cover/"),
}
USER_SAMPLE: dict[str, Any] = {
    "id": 7,
    "username": "ann",
    "display_name": "Ann Lee",
    "role": "seller",
    "bio": "Bread, mostly.",
    "website": "https://ann.example",
    "picture": None,
    "cover": None,
    "picture_url": "/api/default-pictures/picture/7-AL.png",
    "cover_url": "/api/default-pictures/cover/7.png",
    "follower_count": 12,
    "following_count": 3,
    "post_count": 0,
    "recipe_count": 4,
    "created_at": "2026-01-31T09:30:00Z",
    "is_following": False,
    "is_blocked": False,
    "is_muted": False,
}
OWN_USER_SAMPLE = USER_SAMPLE | {
    "first_name": "Ann",
    "last_name": "Lee",
    "email": "ann@example.org",
    "email_verified": True,
    "new_email": None,
    "premium_until": None,
    "is_moderator": False,
    "unread_notifications": 0,
}


def _sample(value: dict[str, Any]) -> Any:
    """Class decorator: what such a body looks like, in the API's description."""
    return extend_schema_serializer(examples=[OpenApiExample("sample", value)])


class PasswordField(Opaque):
    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=PASSWORD_MAX, trim_whitespace=False, write_only=True, **kwargs)


@_sample({"email": "ann@example.org", "username": "ann", "password": "correct horse battery", "role": "seller"})
class RegisterInput(serializers.Serializer[Any]):
    """`username` is made of the e-mail when absent; `display_name` of the first and last name."""

    email = serializers.EmailField(max_length=254)
    password = PasswordField()
    username = OneLine(
        max_length=150, required=False, validators=User._meta.get_field("username").validators, help_text="A-Z 0-9 .+-_"
    )
    role = serializers.ChoiceField(choices=User.Role.choices, default=User.Role.CUSTOMER)
    first_name = OneLine(max_length=150, required=False, allow_blank=True)
    last_name = OneLine(max_length=150, required=False, allow_blank=True)
    display_name = OneLine(max_length=80, required=False, allow_blank=True)
    profile_picture = PictureField(required=False)


class RegisterForm(RegisterInput):
    """The same in multipart, with the picture as a file."""

    profile_picture = serializers.FileField(required=False)  # type: ignore[assignment]  # for the description alone


@_sample({"username": "ann", "password": "correct horse battery"})
class TokenInput(serializers.Serializer[Any]):
    """`username` may hold the e-mail too."""

    username = Opaque(max_length=254, required=False)
    email = Opaque(max_length=254, required=False)
    password = PasswordField()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if not attrs.get("username") and not attrs.get("email"):
            raise serializers.ValidationError({"username": ["Give a username or an e-mail."]})
        return attrs


@_sample({"refresh": "eyJhbGciOi..."})
class RefreshInput(serializers.Serializer[Any]):
    refresh = Opaque(max_length=4096)


@_sample({"refresh": "eyJhbGciOi..."})
class LogoutInput(serializers.Serializer[Any]):
    refresh = Opaque(max_length=4096, required=False)


@_sample({"current_password": "correct horse battery", "new_password": "another long sentence"})
class PasswordChangeInput(serializers.Serializer[Any]):
    current_password = PasswordField()
    new_password = PasswordField()


@_sample({"password": "correct horse battery"})
class CloseAccountInput(serializers.Serializer[Any]):
    password = PasswordField()


@_sample({"email": "ann@example.org"})
class PasswordResetInput(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)


@_sample({"token": "mJ3vT0V9...", "new_password": "another long sentence"})
class PasswordResetConfirmInput(serializers.Serializer[Any]):
    token = Opaque(max_length=100, help_text="from the mail")
    new_password = PasswordField()


@_sample({"token": "mJ3vT0V9..."})
class EmailVerifyInput(serializers.Serializer[Any]):
    token = Opaque(max_length=100, help_text="from the mail")


@_sample({"email": "ann.lee@example.org", "current_password": "correct horse battery"})
class EmailChangeInput(serializers.Serializer[Any]):
    email = serializers.EmailField(max_length=254)
    current_password = PasswordField()


@_sample({"detail": "If somebody has this e-mail address, a mail is on its way to it."})
class MailOutput(serializers.Serializer[Any]):
    detail = serializers.CharField()


@cache
def _zones() -> frozenset[str]:
    # Without the names that mean another zone on each host, or none.
    return frozenset(zoneinfo.available_timezones() - {"localtime", "Factory"})


class ZoneField(Opaque):
    """The name of a time zone of the IANA, as this installation knows them."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(max_length=64, help_text="an IANA name, such as Europe/Berlin", **kwargs)

    def to_internal_value(self, data: Any) -> str:
        name = super().to_internal_value(data)
        if name not in _zones():
            raise serializers.ValidationError("There is no such time zone: write it as Europe/Berlin or UTC.")
        return name


PREFERENCES_SAMPLE = {"digest": True, "timezone": "Europe/Berlin", "email_notifications": True}
DIGEST_HELP = "a mail at six in the morning, Monday to Friday: new recipes of those you follow, the best of the day"
NOTIFICATIONS_HELP = "the digest says how many notifications wait; mails about your account come regardless"


@_sample(PREFERENCES_SAMPLE)
class PreferencesInput(serializers.Serializer[Any]):
    """Fields that are absent stay as they are."""

    digest = YesNo(required=False, help_text=DIGEST_HELP)
    timezone = ZoneField(required=False)
    email_notifications = YesNo(required=False, help_text=NOTIFICATIONS_HELP)


@_sample(PREFERENCES_SAMPLE)
class PreferencesOutput(serializers.Serializer[Any]):
    digest = serializers.BooleanField(help_text=DIGEST_HELP)
    timezone = serializers.CharField(help_text="an IANA name; UTC until you say another")
    email_notifications = serializers.BooleanField(help_text=NOTIFICATIONS_HELP)


@_sample({"bio": "Bread, mostly.", "website": "https://ann.example"})
class ProfileInput(serializers.Serializer[Any]):
    """Fields that are absent stay as they are."""

    display_name = OneLine(max_length=80, required=False, allow_blank=True)
    first_name = OneLine(max_length=150, required=False, allow_blank=True)
    last_name = OneLine(max_length=150, required=False, allow_blank=True)
    bio = Prose(max_length=Profile._meta.get_field("bio").max_length, required=False, allow_blank=True)
    website = Opaque(
        max_length=200, required=False, allow_blank=True, validators=[URLValidator(schemes=["http", "https"])]
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        refused = {name: ["This cannot be changed here."] for name in NOT_WRITABLE if name in self.initial_data}
        refused |= {name: [f"Send it to PUT {to}."] for name, to in HAS_OWN_ROUTE.items() if name in self.initial_data}
        if refused:
            raise serializers.ValidationError(refused)
        return attrs


@_sample({"picture": "data:image/gif;base64,R0lGODlhAQABAAAAACw="})
class PictureInput(serializers.Serializer[Any]):
    picture = PictureField()


class PictureForm(serializers.Serializer[Any]):
    """The same in multipart."""

    picture = serializers.FileField()


@_sample({"cover": "data:image/gif;base64,R0lGODlhAQABAAAAACw="})
class CoverInput(serializers.Serializer[Any]):
    cover = PictureField()


class CoverForm(serializers.Serializer[Any]):
    """The same in multipart."""

    cover = serializers.FileField()


class PeopleQuery(serializers.Serializer[Any]):
    q = Opaque(
        max_length=100,
        required=False,
        allow_blank=True,
        help_text="the beginning of a username, or of words of a display name",
    )


@_sample(USER_SAMPLE)
class UserOutput(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    username = serializers.CharField()
    display_name = serializers.CharField()
    role = serializers.ChoiceField(choices=User.Role.choices)
    bio = serializers.CharField()
    website = serializers.CharField()
    picture = ImageOutput(allow_null=True)
    cover = ImageOutput(allow_null=True)
    picture_url = serializers.CharField(help_text="the large rendition; initials on a colour when there is none")
    cover_url = serializers.CharField(help_text="the large rendition; a pattern when there is none")
    follower_count = serializers.IntegerField()
    following_count = serializers.IntegerField()
    post_count = serializers.IntegerField()
    recipe_count = serializers.IntegerField()
    created_at = serializers.DateTimeField()
    is_following = serializers.BooleanField(help_text="whether you follow them; false for anonymous readers")
    is_blocked = serializers.BooleanField(help_text="whether you have blocked them")
    is_muted = serializers.BooleanField(help_text="whether you have muted them")


@_sample(OWN_USER_SAMPLE)
class OwnUserOutput(UserOutput):
    first_name = serializers.CharField()
    last_name = serializers.CharField()
    email = serializers.EmailField()
    email_verified = serializers.BooleanField(help_text="whether you have shown that you read what is sent there")
    new_email = serializers.EmailField(allow_null=True, help_text="what the address becomes once that is confirmed")
    premium_until = serializers.DateTimeField(allow_null=True)
    is_moderator = serializers.BooleanField()
    unread_notifications = serializers.IntegerField()


@_sample({"access": "eyJhbGciOi...", "refresh": "eyJhbGciOi...", "user": OWN_USER_SAMPLE})
class TokenReplyOutput(serializers.Serializer[Any]):
    access = serializers.CharField(help_text="for `Authorization: Bearer`, 15 minutes")
    refresh = serializers.CharField(help_text="for one refresh; used twice, it ends the session")
    user = OwnUserOutput()


@_sample(
    {
        "id": "5f0c6f7e-8d0b-4f0e-9f53-0d6f0a1d2c3b",
        "user_agent": "curl/8.5.0",
        "created_at": "2026-01-31T09:30:00Z",
        "refreshed_at": "2026-01-31T11:05:12Z",
        "expires_at": "2026-03-02T11:05:12Z",
        "is_current": True,
        "app": None,
        "scopes": None,
    }
)
class SessionOutput(serializers.Serializer[Any]):
    id = serializers.UUIDField()
    user_agent = serializers.CharField()
    created_at = serializers.DateTimeField()
    refreshed_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    is_current = serializers.BooleanField(help_text="whether it is the session of this request")
    app = serializers.CharField(allow_null=True, help_text="the app that acts by it; null: you signed in yourself")
    scopes = serializers.ListField(
        child=serializers.ChoiceField(choices=[READ, WRITE, MODERATE]), allow_null=True, help_text="what the app may do"
    )


@_sample({"ticket": "mJ3vT0V9...", "expires_in": 30})
class TicketOutput(serializers.Serializer[Any]):
    ticket = serializers.CharField()
    expires_in = serializers.IntegerField(help_text="seconds")


@_sample({"user_id": 7, "is_following": True, "follower_count": 13})
class FollowOutput(serializers.Serializer[Any]):
    user_id = serializers.IntegerField()
    is_following = serializers.BooleanField()
    follower_count = serializers.IntegerField()


@_sample({"user_id": 7, "is_blocked": True})
class BlockOutput(serializers.Serializer[Any]):
    user_id = serializers.IntegerField()
    is_blocked = serializers.BooleanField()


@_sample({"user_id": 7, "is_muted": True})
class MuteOutput(serializers.Serializer[Any]):
    user_id = serializers.IntegerField()
    is_muted = serializers.BooleanField()
