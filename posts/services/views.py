"""Counting who has seen what, in batches: once for each person and day (UTC)."""

from collections.abc import Collection

from django.db import transaction
from django.db.models import Exists, F, OuterRef
from django.db.models.functions import Coalesce
from django.utils import timezone

from accounts.models import User
from posts.models import Post, PostView


@transaction.atomic
def views_record(*, user: User, post_ids: Collection[int]) -> int:
    """Counts that `user` has seen these posts, and returns how many counted. Five queries; one when none is new.

    Not counted are those that were counted today, one's own, and those that there are not or that `user` may not see. A
    repost counts as the post that it shows.
    """
    today = timezone.now().date()
    seen = PostView.objects.filter(post=OuterRef("shown"), user=user, day=today)
    new = (
        Post.objects.visible_to(user)
        .filter(pk__in=post_ids)
        .annotate(shown=Coalesce("original_id", "pk"), shown_author=Coalesce("original__author_id", "author_id"))
        .exclude(shown_author=user.pk)
        .filter(~Exists(seen))
        .values_list("shown", flat=True)
    )
    wanted = set(new)
    if not wanted:
        return 0
    # Locked by id, before anything is inserted: two whose batches overlap never wait for each other crosswise.
    locked = Post.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk")
    posts = list(locked.values_list("pk", flat=True))
    # Under the locks: a rival request of the same person has been counted, or waits.
    done = set(PostView.objects.filter(post__in=posts, user=user, day=today).values_list("post", flat=True))
    posts = [post_id for post_id in posts if post_id not in done]
    PostView.objects.bulk_create([PostView(post_id=post_id, user=user, day=today) for post_id in posts])
    Post.objects.filter(pk__in=posts).update(view_count=F("view_count") + 1)
    return len(posts)
