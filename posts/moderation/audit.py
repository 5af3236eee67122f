"""The audit of what is removed below this app: `posts` services write their own rows."""

from accounts.models import User
from posts.models import ModerationAction
from recipes.models import Recipe


def recipe_removed(moderator: User, recipe: Recipe) -> None:
    """A member of staff deletes somebody's recipe; in that transaction."""
    ModerationAction.objects.create(
        moderator=moderator,
        action=ModerationAction.Action.REMOVED,
        target="recipe",
        target_id=recipe.pk,
        owner_id=recipe.seller_id,
    )
