"""People, their profiles, sessions and follows."""

import uuid
from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser
from django.contrib.auth.models import UserManager as DjangoUserManager
from django.core.validators import RegexValidator
from django.db import models, transaction
from django.db.models import Exists, F, OuterRef, Q, Value
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.crypto import salted_hmac

from core.models import Timestamped
from core.texts import ONE_LINE, shows_something


def relations_of(viewer: Any, person: str) -> dict[str, Exists | Value]:
    """`is_followed`, `is_blocked` and `is_muted`: by `viewer`, of the person whose id is in the column `person`."""
    if viewer.pk is None:
        return {"is_followed": Value(False), "is_blocked": Value(False), "is_muted": Value(False)}
    return {
        "is_followed": Exists(Follow.objects.filter(follower=viewer.pk, followee=OuterRef(person))),
        "is_blocked": Exists(Block.objects.filter(blocker=viewer.pk, blocked=OuterRef(person))),
        "is_muted": Exists(Mute.objects.filter(muter=viewer.pk, muted=OuterRef(person))),
    }


def unblocked(viewer: Any, person: str) -> Q:
    """That neither `viewer` nor the person whose id is in the column `person` has blocked the other.

    Two subqueries that the database runs once each, not for every row.
    """
    if viewer.pk is None:
        return Q()
    by_viewer = Block.objects.filter(blocker=viewer.pk).values("blocked")
    of_viewer = Block.objects.filter(blocked=viewer.pk).values("blocker")
    return ~Q(**{f"{person}__in": by_viewer}) & ~Q(**{f"{person}__in": of_viewer})


def unmuted(viewer: Any, person: str) -> Q:
    """That `viewer` has not muted the person whose id is in the column `person`."""
    if viewer.pk is None:
        return Q()
    return ~Q(**{f"{person}__in": Mute.objects.filter(muter=viewer.pk).values("muted")})


def may_read_premium(viewer: Any, author_id: int) -> bool:
    """Whether `viewer` (a User or AnonymousUser) reads the body of what that author keeps for premium users."""
    return viewer.pk is not None and (viewer.pk == author_id or viewer.is_premium or viewer.is_moderator)


class UserQuerySet(models.QuerySet["User"]):
    def visible_to(self, viewer: Any) -> "UserQuerySet":
        """People whom `viewer` (a User or AnonymousUser) may see: not those who have blocked them.

        Whom the viewer has blocked stays visible, for the page says so; lists use `listed_for`.
        """
        people = self.filter(is_active=True)
        if viewer.pk is None:
            return people
        return people.exclude(pk__in=Block.objects.filter(blocked=viewer.pk).values("blocker"))

    def listed_for(self, viewer: Any) -> "UserQuerySet":
        """People whom lists show to `viewer`: no block between the two, either way."""
        return self.filter(unblocked(viewer, "pk"), is_active=True)

    def named(self, username: str) -> "UserQuerySet":
        """The person of that username in any case. (`__iexact` is UPPER() in SQL and would miss the index.)"""
        return self.alias(username_ci=Lower("username")).filter(username_ci=username.lower())

    def with_email(self, email: str) -> "UserQuerySet":
        """The person of that e-mail address in any case."""
        return self.alias(email_ci=Lower("email")).filter(email_ci=email.lower())

    def with_page(self, viewer: Any) -> "UserQuerySet":
        """With all that a person's page shows (accounts/shapes.py), the `relations_of` the viewer included."""
        people = self.select_related("profile__picture", "profile__cover")
        return people.annotate(**relations_of(viewer, "pk"))


class UserManager(DjangoUserManager["User"].from_queryset(UserQuerySet)):  # type: ignore[misc]
    """Makes a profile with every user, whoever makes the user: the API, `createsuperuser`, the admin."""

    def get_by_natural_key(self, username: str | None) -> "User":
        user: User = self.named(username or "").get()
        return user


class User(AbstractUser):
    """A person. Their e-mail is never shown to others; staff flags and premium are never client-writable."""

    class Role(models.TextChoices):
        CUSTOMER = "customer"
        SELLER = "seller"

    class StaffRole(models.TextChoices):
        NONE = ""
        MODERATOR = "moderator"
        ADMIN = "admin"

    # ASCII, for the database folds the case of nothing else reliably; no "@", so that a username is never an e-mail.
    username = models.CharField(
        max_length=150,
        unique=True,
        validators=[
            RegexValidator(
                r"\A[A-Za-z0-9_][A-Za-z0-9_.+-]*\Z",
                "Letters A to Z, digits and . + - _ only, beginning with a letter, a digit or _.",
            )
        ],
        error_messages={"unique": "A user with that username already exists."},
    )
    email = models.EmailField(max_length=254)
    # When its owner last proved that they read what is sent there.
    email_verified_at = models.DateTimeField(null=True, blank=True)
    # What `email` is to become once that is proved of it; empty when no change is asked for.
    new_email = models.EmailField(max_length=254, blank=True, default="", db_default="")
    role = models.CharField(max_length=8, choices=Role.choices, default=Role.CUSTOMER)
    staff_role = models.CharField(max_length=9, choices=StaffRole.choices, default=StaffRole.NONE, blank=True)
    premium_until = models.DateTimeField(null=True, blank=True)
    # Part of the hash in each cookie session, so that raising it ends all of them.
    cookie_version = models.PositiveIntegerField(default=0, db_default=0, editable=False)
    first_name = models.CharField(max_length=150, blank=True, validators=[ONE_LINE, shows_something])
    last_name = models.CharField(max_length=150, blank=True, validators=[ONE_LINE, shows_something])
    display_name = models.CharField(max_length=80, blank=True, validators=[ONE_LINE, shows_something])

    objects: ClassVar[UserManager] = UserManager()

    # False while an app acts for them that may not moderate (accounts/authentication.py). Not stored.
    acts_as_staff = True

    class Meta:
        constraints = [
            models.UniqueConstraint(
                Lower("username"),
                name="user_username_ci",
                violation_error_message="A user with that username already exists.",
            ),
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_ci",
                violation_error_message="A user with that e-mail already exists.",
            ),
            models.CheckConstraint(condition=Q(role__in=["customer", "seller"]), name="user_role_known"),
        ]
        indexes = [
            # The filters of the admin, newest first: by role, and of the few who are special.
            models.Index(fields=["role", "-id"], name="user_of_role"),
            models.Index(fields=["-id"], condition=~Q(staff_role=""), name="user_of_staff"),
            models.Index(fields=["-id"], condition=Q(is_active=False), name="user_closed"),
            models.Index(fields=["-id"], condition=Q(premium_until__isnull=False), name="user_with_premium"),
        ]

    def __str__(self) -> str:
        return self.username

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Not a signal: the profile is part of what a user is, and both exist or neither does.
        if not self._state.adding:
            super().save(*args, **kwargs)
            return
        with transaction.atomic():
            super().save(*args, **kwargs)
            Profile.objects.get_or_create(user=self)

    def _get_session_auth_hash(self, secret: str | None = None) -> str:
        """What a cookie session must hold to stay valid: it changes with the password and with `cookie_version`."""
        content = f"{self.password}:{self.cookie_version}"
        return salted_hmac("accounts.User.session_auth_hash", content, secret=secret, algorithm="sha256").hexdigest()

    @property
    def shown_name(self) -> str:
        return self.display_name or self.username

    @property
    def email_verified(self) -> bool:
        return self.email_verified_at is not None

    @property
    def is_premium(self) -> bool:
        return self.premium_until is not None and self.premium_until > timezone.now()

    @property
    def is_moderator(self) -> bool:
        """Moderators and admins may remove what others wrote."""
        is_staff = self.is_superuser or self.staff_role in (self.StaffRole.MODERATOR, self.StaffRole.ADMIN)
        return is_staff and self.acts_as_staff


class Profile(Timestamped):
    """What a person says of themselves, and counters changed in the transaction of what they count."""

    user = models.OneToOneField(User, on_delete=models.CASCADE, primary_key=True)
    # Goes up with each edit by the person, never with a follow: If-Match compares it.
    version = models.PositiveIntegerField(default=1)
    bio = models.CharField(max_length=500, blank=True)
    website = models.URLField(blank=True)
    picture = models.ForeignKey(
        "media_pipeline.Media", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    cover = models.ForeignKey(
        "media_pipeline.Media", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    follower_count = models.PositiveIntegerField(default=0)
    following_count = models.PositiveIntegerField(default=0)
    recipe_count = models.PositiveIntegerField(default=0)
    post_count = models.PositiveIntegerField(default=0)
    # How mails reach them: the daily digest, at six in the morning of their time zone (an IANA name), ...
    digest = models.BooleanField(default=True, db_default=True)
    timezone = models.CharField(max_length=64, default="UTC", db_default="UTC")
    # ... and whether it also says how many notifications wait.
    email_notifications = models.BooleanField(default=True, db_default=True)

    class Meta:
        indexes = [
            # Who gets a digest in this time zone, in pieces; and, by leaping through it, which zones there are.
            models.Index(fields=["timezone", "user"], condition=Q(digest=True), name="profile_digest_zone"),
        ]

    def __str__(self) -> str:
        return f"profile of {self.user_id}"


class SessionQuerySet(models.QuerySet["Session"]):
    def live(self, *, at: Any = None) -> "SessionQuerySet":
        """Neither revoked nor expired, at a time or an expression; now, when there is none."""
        return self.filter(revoked_at__isnull=True, expires_at__gt=at or timezone.now(), user__is_active=True)


class Session(models.Model):
    """One sign-in on one device: the family of its access and refresh tokens. Or what somebody allows one app.

    Tokens carry `sid` (this id). A refresh token also carries `gen`; a refresh is one compare-and-set UPDATE of
    `generation`, so of ten at once exactly one wins, and a token of an older generation revokes the session.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    user = models.ForeignKey(User, on_delete=models.CASCADE, related_name="sessions")
    generation = models.PositiveIntegerField(default=1)
    user_agent = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(auto_now_add=True)
    refreshed_at = models.DateTimeField(auto_now_add=True)
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True, blank=True)
    # The app that acts by it. With the app the session goes: without one it would be the person's own.
    application = models.ForeignKey(
        "accounts.Application", on_delete=models.CASCADE, null=True, blank=True, related_name="sessions", db_index=False
    )
    # What the app may do, as in OAuth: names with spaces between. Of a person's own sign-in there is no limit.
    scope = models.CharField(max_length=60, blank=True, default="")

    objects = SessionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(application=None, scope="") | Q(application__isnull=False) & ~Q(scope=""),
                name="session_scope_of_app",
            ),
        ]
        indexes = [
            # The newest of all, for the admin.
            models.Index(fields=["-created_at"], name="session_newest"),
            # The sessions of an app: few of all, and none is asked for when somebody signs in.
            models.Index(fields=["application"], condition=Q(application__isnull=False), name="session_of_application"),
        ]

    def __str__(self) -> str:
        return f"session of {self.user_id}"

    def scopes(self) -> list[str] | None:
        """None: of no app, so without limits."""
        return None if self.application_id is None else self.scope.split()


class Ticket(models.Model):
    """Stands for a session's access token once, within seconds: deleted by the connection that uses it.

    `digest` is the SHA-256 of what the client holds, in hexadecimal.
    """

    digest = models.CharField(max_length=64, unique=True)
    session = models.ForeignKey(Session, on_delete=models.CASCADE, related_name="tickets")
    expires_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"ticket {self.pk}"


class Follow(models.Model):
    """`follower` reads what `followee` publishes."""

    follower = models.ForeignKey(User, on_delete=models.CASCADE, related_name="following")
    followee = models.ForeignKey(User, on_delete=models.CASCADE, related_name="followers")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Also the index behind "whom do I follow".
            models.UniqueConstraint(fields=["follower", "followee"], name="follow_once"),
            models.CheckConstraint(condition=~Q(follower=F("followee")), name="follow_not_oneself"),
        ]
        indexes = [
            # A person's followers, newest first, by keyset.
            models.Index(fields=["followee", "-id"], name="follow_followers"),
            models.Index(fields=["follower", "-id"], name="follow_following"),
        ]

    def __str__(self) -> str:
        return f"{self.follower_id} follows {self.followee_id}"


class Block(models.Model):
    """Two people who never meet: neither sees the other or what the other writes, wherever it may be.

    The blocker keeps the blocked one's page, to take the block away.
    """

    blocker = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocks", db_index=False)
    blocked = models.ForeignKey(User, on_delete=models.CASCADE, related_name="blocked_by", db_index=False)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Also the index behind "whom have I blocked".
            models.UniqueConstraint(fields=["blocker", "blocked"], name="block_once"),
            models.CheckConstraint(condition=~Q(blocker=F("blocked")), name="block_not_oneself"),
        ]
        indexes = [
            # "Who has blocked me", answered from the index alone.
            models.Index(fields=["blocked", "blocker"], name="block_of_blocked"),
        ]

    def __str__(self) -> str:
        return f"{self.blocker_id} blocks {self.blocked_id}"


class Mute(models.Model):
    """`muter` does not hear of `muted`: in no list, notification or socket. The muted one is not told."""

    muter = models.ForeignKey(User, on_delete=models.CASCADE, related_name="mutes", db_index=False)
    muted = models.ForeignKey(User, on_delete=models.CASCADE, related_name="muted_by")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            # Also the index behind "whom have I muted".
            models.UniqueConstraint(fields=["muter", "muted"], name="mute_once"),
            models.CheckConstraint(condition=~Q(muter=F("muted")), name="mute_not_oneself"),
        ]

    def __str__(self) -> str:
        return f"{self.muter_id} mutes {self.muted_id}"
