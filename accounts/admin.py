"""People, their sessions, follows, blocks and mutes, and their backups, in Django's admin."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.forms import AdminPasswordChangeForm as DjangoOwnPasswordForm
from django.contrib.auth.admin import GroupAdmin as DjangoGroupAdmin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm
from django.contrib.auth.models import Group
from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from oauth2_provider.models import DeviceGrant

from accounts.admin_sign_in import SignInForm
from accounts.mailing import PASSWORD_CHANGED, ask_for
from accounts.models import Backup, Block, Follow, MailToken, Mute, Profile, Session, Ticket, User
from accounts.oauth.admin import UnusedAdmin
from accounts.search import named_like
from accounts.services.passwords import prove_password
from accounts.services.profiles import rights_change
from accounts.services.sessions import session_revoke, sessions_revoke
from accounts.services.staff import premium_end, premium_grant, user_restore, user_suspend
from core.errors import Forbidden, Invalid, Throttled
from core.large_tables import Key, LargeTableAdmin, LookedAtAdmin, Person, Words, only

# Who has any of them reads what is locked for others.
RIGHTS = {"premium_until", "staff_role", "is_superuser"}
# Only superusers edit these: with one of them a member of staff could give themselves every other right.
STAFF_FIELDS = ("staff_role", "is_staff", "is_superuser", "groups", "user_permissions")


class ProfileForm(forms.ModelForm):  # type: ignore[type-arg]
    website = forms.URLField(assume_scheme="https", required=False)


class ProfileInline(admin.StackedInline):  # type: ignore[type-arg]
    model = Profile
    form = ProfileForm
    can_delete = False
    raw_id_fields = ("picture", "cover")
    readonly_fields = ("follower_count", "following_count", "recipe_count", "post_count", "version")


class UserCreationForm(AdminUserCreationForm):  # type: ignore[type-arg]
    class Meta:
        model = User
        fields = ("username", "email", "role")


class EndsSessions:
    """Mixin of forms that set a password: saving ends the user's sessions, and a mail tells the owner."""

    @transaction.atomic
    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)  # type: ignore[misc]  # of the form
        if commit:
            sessions_revoke(user=user)
            ask_for(PASSWORD_CHANGED, user_id=user.pk)
        return user


class PasswordForm(EndsSessions, AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Staff set the password of a user."""


class OwnPasswordForm(EndsSessions, DjangoOwnPasswordForm):
    """Staff change their own password: wrong tries count as failed sign-ins, and all other sessions end."""

    def clean_old_password(self) -> str:
        password: str = self.cleaned_data["old_password"]
        try:
            prove_password(user=self.user, password=password, address="admin", field="old_password")
        except (Invalid, Throttled) as error:
            raise forms.ValidationError(error.detail) from error
        return password


def staff_of(request: HttpRequest) -> User:
    """Who is signed in to the admin."""
    assert isinstance(request.user, User)
    return request.user


@admin.register(User)
class UserAdmin(LargeTableAdmin, DjangoUserAdmin):  # type: ignore[type-arg]
    """Nobody is deleted here, but suspended: what hangs on a person is counted elsewhere."""

    change_password_form = PasswordForm
    add_form = UserCreationForm
    list_display = ("username", "display_name", "role", "staff_role", "is_active", "premium_until", "date_joined")
    list_filter = (
        "role",
        only("staff", ~Q(staff_role="")),
        only("closed accounts", Q(is_active=False)),
        only("premium, now or before", Q(premium_until__isnull=False)),
    )
    finders = (Key(), Person("", only_with_at=True), Words(named_like))
    actions = ("sign_out", "suspend", "restore", "grant_month", "grant_year", "end_premium")
    readonly_fields = ("is_active", "email_verified_at", "new_email", "last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("email", "email_verified_at", "new_email", "display_name", "first_name", "last_name")}),
        ("Rights", {"fields": ("role", "premium_until", "is_active")}),
        ("Staff", {"fields": STAFF_FIELDS}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "email", "role", "usable_password", "password1", "password2")}),)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        # The profile comes with the user, so on the page of a new one there is none to fill in yet.
        return [ProfileInline] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only superusers change the accounts of other staff: a new e-mail or password would hand over their rights."""
        staff = staff_of(request)
        others = obj is not None and obj.pk != staff.pk and (obj.is_staff or obj.is_superuser or obj.staff_role)
        return super().has_change_permission(request, obj) and (staff.is_superuser or not others)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return self.readonly_fields if staff_of(request).is_superuser else (*self.readonly_fields, *STAFF_FIELDS)

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        if not change:
            super().save_model(request, obj, form, change)
            return
        # Changed columns alone: a password or a `cookie_version` that changed since the page was read stays.
        changed = {field.name for field in User._meta.concrete_fields} & set(form.changed_data)
        if "email" in changed:
            obj.email_verified_at, obj.new_email = None, ""
            changed |= {"email_verified_at", "new_email"}
        if changed:
            obj.save(update_fields=changed)
        if RIGHTS.intersection(form.changed_data):
            rights_change(user=obj)

    @admin.action(description="End all sessions", permissions=["change"])
    def sign_out(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self._each(request, people, "All sessions ended.", lambda user: sessions_revoke(user=user))

    @admin.action(description="Suspend: close the account", permissions=["change"])
    def suspend(self, request: HttpRequest, people: QuerySet[User]) -> None:
        moderator = staff_of(request)
        self._each(request, people, "Suspended.", lambda user: user_suspend(moderator=moderator, user=user))

    @admin.action(description="Let back in: open a closed account", permissions=["change"])
    def restore(self, request: HttpRequest, people: QuerySet[User]) -> None:
        moderator = staff_of(request)
        self._each(request, people, "Let back in.", lambda user: user_restore(moderator=moderator, user=user))

    @admin.action(description="Give 30 days of premium more", permissions=["change"])
    def grant_month(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self._each(request, people, "30 days of premium more.", lambda user: premium_grant(user=user, days=30))

    @admin.action(description="Give a year of premium more", permissions=["change"])
    def grant_year(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self._each(request, people, "A year of premium more.", lambda user: premium_grant(user=user, days=365))

    @admin.action(description="End premium now", permissions=["change"])
    def end_premium(self, request: HttpRequest, people: QuerySet[User]) -> None:
        self._each(request, people, "Premium ended.", lambda user: premium_end(user=user))

    def _each(self, request: HttpRequest, people: QuerySet[User], said: str, deed: Callable[[User], object]) -> None:
        """Does it to each of them or, when one cannot be done, to nobody. The log of each person says so."""
        chosen = list(people)
        if not all(self.has_change_permission(request, user) for user in chosen):
            raise Forbidden("Only superusers change the accounts of other staff.", code="superusers_only")
        for user in chosen:
            deed(user)
            self.log_change(request, user, said)
        self.message_user(request, f"{len(chosen)} people: {said}", messages.SUCCESS)


admin.site.unregister(Group)


@admin.register(Group)
class GroupAdmin(DjangoGroupAdmin):
    """Only superusers edit groups, as a member of one could give it every permission."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return staff_of(request).is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_of(request).is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return staff_of(request).is_superuser


@admin.register(Profile)
class ProfileAdmin(LookedAtAdmin):
    """It is changed on the page of its person."""

    form = ProfileForm
    list_display = ("user", "website", "follower_count", "following_count", "post_count", "recipe_count")
    list_select_related = ("user",)
    finders = (Key(), Person("user"))


@admin.register(Session)
class SessionAdmin(LookedAtAdmin):
    list_display = (
        "user",
        "application",
        "scope",
        "user_agent",
        "created_at",
        "refreshed_at",
        "expires_at",
        "revoked_at",
    )
    list_filter = (only("of apps", Q(application__isnull=False)),)
    list_select_related = ("user", "application")
    ordering = ("-created_at",)
    finders = (Key(), Person("user"))
    actions = ("revoke",)

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_session")

    @admin.action(description="End the selected sessions", permissions=["revoke"])
    def revoke(self, request: HttpRequest, sessions: QuerySet[Session]) -> None:
        for session in sessions:
            session_revoke(session=session)
            self.log_change(request, session, "Ended.")
        self.message_user(request, "The sessions have ended.", messages.SUCCESS)


@admin.register(Follow)
class FollowAdmin(LookedAtAdmin):
    list_display = ("id", "follower", "followee", "created_at")
    list_select_related = ("follower", "followee")
    finders = (Key(), Person("follower", "followee"))


@admin.register(Block)
class BlockAdmin(LookedAtAdmin):
    list_display = ("id", "blocker", "blocked", "created_at")
    list_select_related = ("blocker", "blocked")
    finders = (Key(), Person("blocker", "blocked"))


@admin.register(Mute)
class MuteAdmin(LookedAtAdmin):
    list_display = ("id", "muter", "muted", "created_at")
    list_select_related = ("muter", "muted")
    finders = (Key(), Person("muter", "muted"))


@admin.register(MailToken)
class MailTokenAdmin(LookedAtAdmin):
    """Links in mails that nobody has used yet. What the mail holds is not here."""

    list_display = ("id", "user", "purpose", "created_at", "expires_at")
    list_select_related = ("user",)
    finders = (Key(), Person("user"))
    fields = ("user", "purpose", "email", "created_at", "expires_at")


@admin.register(Ticket)
class TicketAdmin(LookedAtAdmin):
    """Secrets of half a minute: their hashes are not shown."""

    list_display = ("id", "session", "expires_at")
    list_select_related = ("session",)
    finders = (Key(), Key("session"))
    fields = ("session", "expires_at")


@admin.register(Backup)
class BackupAdmin(LookedAtAdmin):
    """The weekly backups of users; the files of old ones are deleted, their rows stay."""

    list_display = ("week", "finished_at", "rows", "size", "file", "place")
    ordering = ("-week",)


admin.site.register(DeviceGrant, UnusedAdmin)
admin.site.login_form = SignInForm
admin.site.password_change_form = OwnPasswordForm
