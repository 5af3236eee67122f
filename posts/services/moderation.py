"""What staff decide about reports: each decision leaves a row in the audit, in its transaction."""

from django.db import transaction

from accounts.models import User
from accounts.services.profiles import user_deactivate
from core.errors import Conflict, Forbidden, Invalid, NotFound
from posts.models import ModerationAction, Report
from posts.services.comments import comment_delete
from posts.services.posts import post_delete
from recipes.services import recipe_delete

Action = ModerationAction.Action
Status = Report.Status
_DECIDED = {Status.RESOLVED: Action.RESOLVED, Status.DISMISSED: Action.DISMISSED, Status.OPEN: Action.REOPENED}


@transaction.atomic
def report_decide(*, moderator: User, report: Report, status: str, action: str = "none", note: str = "") -> None:
    """Gives REPORT that status, and does to what was reported what `action` says: none, remove or suspend.

    A decision closes all open reports of the same thing alike; only the named one is opened again. Nothing happens when
    it has the status already and there is nothing to do. Raises

    Forbidden   `admins_only`: only admins suspend; `own_thing`: it is the moderator's own
    Invalid     `wrong_action`: `remove` and `suspend` resolve, nothing else; a person is suspended, not removed
    Conflict    `already_gone`: it was deleted before; `decided_meanwhile`: somebody was faster; `reported_again`: it
                cannot be opened again, for the same person has reported the thing anew
    """
    if action != "none" and status != Status.RESOLVED:
        raise Invalid("Whoever removes or suspends resolves the report.", code="wrong_action")
    if action == "none" and report.status == status:
        return
    owner_id = _owner_of(report)
    if owner_id == moderator.pk:
        raise Forbidden("Somebody else has to decide about what is yours.", code="own_thing")
    if action == "remove":
        _remove(moderator, report)
    elif action == "suspend":
        _suspend(moderator, report, owner_id, note)
    # After the thing: whoever deletes it locks it first, and its reports then.
    if report.status != status:
        _change_status(report, status)
    ModerationAction.objects.create(
        moderator=moderator,
        action=_DECIDED[Status(status)],
        target=report.target,
        target_id=report.target_id,
        owner_id=owner_id,
        report=report,
        note=note,
    )


def _change_status(report: Report, status: str) -> None:
    """By compare-and-set, so that of two who decide at once the second one learns of the first."""
    changed = Report.objects.filter(pk=report.pk, status=report.status)
    if status == Status.OPEN:
        rivals = Report.objects.filter(reporter=report.reporter_id, target=report.target, target_id=report.target_id)
        if report.reporter_id is not None and rivals.filter(status=Status.OPEN).exists():
            raise Conflict("The same person has another open report of this.", code="reported_again")
    if not changed.update(status=status):
        raise Conflict("Somebody else has decided meanwhile: read the report again.", code="decided_meanwhile")
    report.status = status
    if status != Status.OPEN:
        same = Report.objects.filter(target=report.target, target_id=report.target_id, status=Status.OPEN)
        same.update(status=status)


def _owner_of(report: Report) -> int | None:
    """Whose the reported thing is; None when it is gone."""
    match report.target:
        case "post":
            return report.post.author_id if report.post else None
        case "comment":
            return report.comment.author_id if report.comment else None
        case "recipe":
            return report.recipe.seller_id if report.recipe else None
    return report.user_id


def _remove(moderator: User, report: Report) -> None:
    """Through the services, which write the audit of it."""
    if report.target == "user":
        raise Invalid("A person is not removed, but suspended.", code="wrong_action")
    try:
        if report.post is not None:
            post_delete(user=moderator, post=report.post)
        elif report.comment is not None and not report.comment.is_deleted:
            comment_delete(user=moderator, comment=report.comment)
        elif report.recipe is not None:
            recipe_delete(user=moderator, recipe=report.recipe)
        else:
            raise _gone()
    except NotFound as error:  # deleted since the report was read
        raise _gone() from error


def _suspend(moderator: User, report: Report, owner_id: int | None, note: str) -> None:
    if not (moderator.is_superuser or moderator.staff_role == User.StaffRole.ADMIN):
        raise Forbidden("Only admins suspend people.", code="admins_only")
    owner = User.objects.filter(pk=owner_id, is_active=True).first()
    if owner is None:
        raise _gone()
    user_deactivate(user=owner)
    ModerationAction.objects.create(
        moderator=moderator,
        action=Action.SUSPENDED,
        target="user",
        target_id=owner.pk,
        owner=owner,
        report=report,
        note=note,
    )


def _gone() -> Conflict:
    return Conflict("What was reported is gone already: resolve the report without an action.", code="already_gone")
