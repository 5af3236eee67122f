"""Finding posts by the words of what people wrote. Of premium posts nothing is found, of followers-only ones by those.

Announcements are found as recipes (recipes/search.py).
"""

from collections.abc import Mapping
from functools import reduce
from operator import and_
from typing import Any

from django.db.models import BigIntegerField, Expression, ExpressionWrapper, F, FloatField, Q, QuerySet, Value
from django.db.models.functions import Cast, Greatest, Ln

from accounts.models import User
from core.pages import CursorPages
from core.search import Typed, WordIndex, has_word_indexes, holds, typed
from posts.models import Post
from posts.moments import Seconds

# So many of the newest posts that match are ranked and shown, those included that the viewer may not see.
MOST = 1_000
# A post that is older by this has to match twice as well, or be liked and commented on four times as much.
HALF_LIFE_SECONDS = 30 * 86_400

_INDEX = WordIndex(table="posts_search", rows="posts_post")

PAGES = CursorPages[Post](order=("-search_rank", "-id"))


def posts_found(viewer: Any, typed: Typed, filters: Mapping[str, Any]) -> QuerySet[Post, dict[str, Any]]:
    """Rows of `id` and `search_rank`: the posts that VIEWER sees in lists and that match TYPED.

    FILTERS: `author` (an id), `username` (in lower case), `tag` (a normal name).
    """
    posts = Post.objects.listed_for(viewer)
    if "author" in filters:
        posts = posts.filter(author=filters["author"])
    if "username" in filters:
        posts = posts.filter(author__in=User.objects.named(filters["username"]).values("id"))
    if "tag" in filters:
        posts = posts.filter(post_tags__tag__name=filters["tag"])
    if not has_word_indexes():
        posts = posts.filter(_holds(typed))
    elif not filters.keys().isdisjoint(("author", "username")):
        posts = posts.filter(_INDEX.matches(typed))
    else:
        posts = posts.filter(pk__in=_INDEX.newest(typed, most=MOST, with_words=filters.get("tag", "")))
    ranked: QuerySet[Any, Any] = posts.annotate(search_rank=_rank(typed))
    rows: QuerySet[Post, dict[str, Any]] = ranked.values("id", "search_rank")
    return rows


def posts_with(posts: QuerySet[Post, Post], text: str) -> QuerySet[Post, Post]:
    """Those of POSTS in which those words are, the newest MOST of them at most. Raises Invalid."""
    wanted = typed(text)
    if not has_word_indexes():
        return posts.filter(pk__in=Post.objects.filter(_holds(wanted)).values("pk"))
    return posts.filter(pk__in=_INDEX.newest(wanted, most=MOST))


def _rank(typed: Typed) -> Expression:
    """A whole number. What is older is behind by as much whenever one looks, so pages do not shift with the time."""
    halvings: Any = Seconds("published_at") / Value(float(HALF_LIFE_SECONDS))
    if has_word_indexes():
        relevance = Greatest(_INDEX.relevance(typed), Value(1e-6), output_field=FloatField())
        popularity = Ln(Cast(F("like_count") + F("comment_count") + 1, FloatField()))
        halvings = halvings + (Ln(relevance) + popularity / Value(2.0)) / Ln(Value(2.0))
    millionths = ExpressionWrapper(halvings * Value(1e6), FloatField())
    return Cast(millionths, BigIntegerField())


def _holds(typed: Typed) -> Q:
    """The same by looking at every row: each word or phrase anywhere."""
    readable = Q(kind=Post.Kind.STATUS) & ~Q(visibility=Post.Visibility.PREMIUM)
    wanted = [holds("text", words) for words in typed.wanted]
    return reduce(and_, [readable, *wanted, *(~holds("text", words) for words in typed.unwanted)])
