"""The audit of what staff remove, written in the transaction that removes it."""

from accounts.models import User
from posts.models import ModerationAction
from recipes.models import Recipe


def audit_removal(moderator: User, target: str, target_id: int, *, owner_id: int) -> None:
    """A member of staff deletes what belongs to somebody else; TARGET is one of `Report`'s kinds."""
    ModerationAction.objects.create(
        moderator=moderator,
        action=ModerationAction.Action.REMOVED,
        target=target,
        target_id=target_id,
        owner_id=owner_id,
    )


def person_judged(moderator: User, person: User, deed: str) -> None:
    """For people, who are below this app (`register_audit`): an admin suspends somebody, or lets them back in."""
    ModerationAction.objects.create(
        moderator=moderator, action=ModerationAction.Action(deed), target="user", target_id=person.pk, owner=person
    )


def recipe_removed(moderator: User, recipe: Recipe) -> None:
    """For recipes, which are below this app and do not know it (`register_removal_audit`)."""
    audit_removal(moderator, "recipe", recipe.pk, owner_id=recipe.seller_id)
