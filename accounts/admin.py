"""People, their sessions, follows, blocks and mutes, and their backups, in Django's admin."""

# The stubs make the base classes generic; at run time they are not: hence `type: ignore[type-arg]`.

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.contrib.auth.forms import AdminPasswordChangeForm, AdminUserCreationForm
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts.models import Backup, Block, Follow, Mute, Profile, Session, Ticket, User
from accounts.services.profiles import rights_change, user_deactivate
from accounts.services.sessions import session_revoke, sessions_revoke

# Who has any of them reads what is locked for others.
RIGHTS = {"premium_until", "staff_role", "is_superuser"}


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


class PasswordForm(AdminPasswordChangeForm):  # type: ignore[type-arg]
    """Whoever knew the old password is signed out everywhere."""

    @transaction.atomic
    def save(self, commit: bool = True) -> User:
        user: User = super().save(commit)
        if commit:
            sessions_revoke(user=user)
        return user


@admin.register(User)
class UserAdmin(DjangoUserAdmin):  # type: ignore[type-arg]
    """Nobody is deleted here, but closed (`is_active`): what hangs on a person is counted elsewhere."""

    change_password_form = PasswordForm
    add_form = UserCreationForm
    list_display = ("username", "display_name", "role", "staff_role", "is_active", "premium_until", "date_joined")
    list_filter = ("role", "staff_role", "is_active", "is_staff", "date_joined")
    search_fields = ("username", "email", "display_name", "first_name", "last_name")
    date_hierarchy = "date_joined"
    ordering = ("-id",)
    actions = ("sign_out",)
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("email", "display_name", "first_name", "last_name")}),
        ("Rights", {"fields": ("role", "premium_until", "is_active")}),
        ("Staff", {"fields": ("staff_role", "is_staff", "is_superuser", "groups", "user_permissions")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = ((None, {"fields": ("username", "email", "role", "usable_password", "password1", "password2")}),)

    def get_inlines(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        # The profile comes with the user, so on the page of a new one there is none to fill in yet.
        return [ProfileInline] if obj else []

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: User, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        if change and "is_active" in form.changed_data and not obj.is_active:
            user_deactivate(user=obj)
        if change and RIGHTS.intersection(form.changed_data):
            rights_change(user=obj)

    @admin.action(description="End all sessions of the selected people")
    def sign_out(self, request: HttpRequest, people: QuerySet[User]) -> None:
        ended = sum(sessions_revoke(user=user) for user in people)
        self.message_user(request, f"{ended} sessions ended.", messages.SUCCESS)


@admin.register(Session)
class SessionAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("user", "user_agent", "created_at", "refreshed_at", "expires_at", "revoked_at")
    list_filter = (("revoked_at", admin.EmptyFieldListFilter), "created_at", "expires_at")
    search_fields = ("user__username", "user_agent")
    list_select_related = ("user",)
    actions = ("revoke",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_revoke_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("accounts.change_session")

    @admin.action(description="End the selected sessions", permissions=["revoke"])
    def revoke(self, request: HttpRequest, sessions: QuerySet[Session]) -> None:
        for session in sessions:
            session_revoke(session=session)
        self.message_user(request, "The sessions have ended.", messages.SUCCESS)


class LookedAtAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    """To look at: a row added or deleted here would not be counted, and no socket would hear of it."""

    list_filter = ("created_at",)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Follow)
class FollowAdmin(LookedAtAdmin):
    list_display = ("follower", "followee", "created_at")
    search_fields = ("follower__username", "followee__username")
    list_select_related = ("follower", "followee")


@admin.register(Block)
class BlockAdmin(LookedAtAdmin):
    list_display = ("blocker", "blocked", "created_at")
    search_fields = ("blocker__username", "blocked__username")
    list_select_related = ("blocker", "blocked")


@admin.register(Mute)
class MuteAdmin(LookedAtAdmin):
    list_display = ("muter", "muted", "created_at")
    search_fields = ("muter__username", "muted__username")
    list_select_related = ("muter", "muted")


@admin.register(Ticket)
class TicketAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("id", "session", "expires_at")
    list_filter = ("expires_at",)
    list_select_related = ("session",)
    fields = ("session", "expires_at")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Backup)
class BackupAdmin(LookedAtAdmin):
    """The weekly backups of users; the files of old ones are deleted, their rows stay."""

    list_display = ("week", "finished_at", "rows", "size", "file", "place")
    ordering = ("-week",)
