"""Every table of people. Each module is one idea; the rest of the project imports from here."""

from accounts.models.applications import Application
from accounts.models.backups import Backup
from accounts.models.mail_tokens import MailToken
from accounts.models.people import (
    Block,
    Follow,
    Mute,
    Profile,
    Session,
    Ticket,
    User,
    UserManager,
    UserQuerySet,
    may_read_premium,
    relations_of,
    unblocked,
    unmuted,
)

__all__ = [
    "Application",
    "Backup",
    "Block",
    "Follow",
    "MailToken",
    "Mute",
    "Profile",
    "Session",
    "Ticket",
    "User",
    "UserManager",
    "UserQuerySet",
    "may_read_premium",
    "relations_of",
    "unblocked",
    "unmuted",
]
