"""Making a person."""

import re
import secrets
import unicodedata
from collections.abc import Iterator

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction

from accounts.mailing import VERIFY_EMAIL, ask_for
from accounts.models import User
from accounts.services.profiles import picture_set
from core.constraints import violated
from core.errors import Invalid

TAKEN = {
    "username": "A user with that username already exists.",
    "email": "A user with that e-mail already exists.",
}
# Uniqueness in any case of letters, and the `unique=True` that Django asks of a USERNAME_FIELD: its index's name in
# PostgreSQL, its column in SQLite.
_FIELD_OF = {
    "user_email_ci": "email",
    "user_username_ci": "username",
    "accounts_user_username_key": "username",
    "accounts_user.username": "username",
}


def user_register(
    *,
    email: str,
    password: str,
    username: str = "",
    role: str = User.Role.CUSTOMER,
    first_name: str = "",
    last_name: str = "",
    display_name: str = "",
    picture: bytes | None = None,
) -> User:
    """A new person with their profile, who gets a mail to confirm the address. Without `username` one is made of it.

    Raises Invalid with the messages of each field (taken in any case of letters, weak password), and what
    `image_create` raises of a bad picture; then nothing is stored.
    """
    user = User(
        username=username,
        email=User.objects.normalize_email(email),
        role=role,
        first_name=first_name,
        last_name=last_name,
        display_name=display_name or f"{first_name} {last_name}".strip()[:80],
    )
    _check(user, password)
    # Takes tens of milliseconds: before the transaction, not inside it.
    user.password = make_password(password)
    with transaction.atomic():
        _save(user)
        ask_for(VERIFY_EMAIL, user_id=user.pk)
        if picture is not None:
            picture_set(user=user, which="picture", data=picture, field="profile_picture")
    return user


def _check(user: User, password: str) -> None:
    """All that is wrong, at once."""
    errors: dict[str, list[str]] = {}
    if User.objects.with_email(user.email).exists():
        errors["email"] = [TAKEN["email"]]
    if user.username and User.objects.named(user.username).exists():
        errors["username"] = [TAKEN["username"]]
    try:
        validate_password(password, user)
    except ValidationError as error:
        errors["password"] = list(error.messages)
    if errors:
        raise Invalid("The input is not valid: see errors.", errors=errors)


def _save(user: User) -> None:
    """Two who register at once both pass the checks; the constraint decides, and the field is named all the same."""
    made = not user.username
    names = _usernames_from(user.email) if made else iter([user.username])
    for username in names:
        user.username = username
        try:
            with transaction.atomic():
                user.save(force_insert=True)
            return
        except IntegrityError as error:
            field = _FIELD_OF.get(violated(error).name)
            if field is None:
                raise
            if field == "username" and made:
                continue
            raise Invalid("The input is not valid: see errors.", errors={field: [TAKEN[field]]}) from error
    raise Invalid("No free username could be made of the e-mail.", errors={"username": ["Choose a username."]})


def _usernames_from(email: str) -> Iterator[str]:
    """Free usernames, each longer than the one before: "Zoë.Q+x@example.org" gives zoe.q, zoe.q48, zoe.q7312, ..."""
    local = unicodedata.normalize("NFKD", email.partition("@")[0].partition("+")[0])
    base = re.sub(r"[^a-z0-9_.-]", "", local.lower())[:30].lstrip(".-") or "cook"
    for digits in range(0, 20, 2):
        username = f"{base}{secrets.randbelow(10**digits)}" if digits else base
        if not User.objects.named(username).exists():
            yield username
