"""The addresses of the earlier systems: today's views under yesterday's names, and no second implementation.

Each answer says since when the address is deprecated (RFC 9745) and which one follows it (RFC 5829). They are not in
the OpenAPI description, which is for new clients.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

import orjson
from django.http import HttpRequest, HttpResponse, HttpResponseBase, QueryDict
from django.urls import URLPattern, include, path, reverse
from rest_framework.parsers import BaseParser, DataAndFiles
from rest_framework.request import Request

from accounts.views.auth import RefreshView, RegisterView, TokenView
from core.body_limits import limits_of
from core.parsers import FormParser, JSONParser, MultiPartParser
from posts.urls import urlpatterns as post_urls
from posts.views.earlier import ImageAddView, VideoAppendView, VideoEndView
from posts.views.posts import PostListView
from recipes.urls import urlpatterns as recipe_urls

DEPRECATED_AT = datetime(2026, 11, 1, tzinfo=UTC)

View = Callable[..., HttpResponseBase]


class Earlier:
    """A view at an earlier address. `successor` is the name of today's route, whose arguments are the same."""

    # DRF's views have no need of it: their tokens come in a header, which no other site can set.
    csrf_exempt = True

    def __init__(self, view: View, successor: str) -> None:
        self.view, self.successor, self.body_limits = view, successor, limits_of(view)
        self.__module__ = view.__module__

    def __call__(self, request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        response = self.view(request, **kwargs)
        link = f'<{reverse(self.successor, kwargs=kwargs)}>; rel="successor-version"'
        response["Link"] = f"{response['Link']}, {link}" if "Link" in response else link
        response["Deprecation"] = f"@{DEPRECATED_AT.timestamp():.0f}"
        return response


def earlier(route: str, view: View, successor: str) -> URLPattern:
    return path(route, Earlier(view, successor))


def without_prefix(folder: str, urls: Iterable[URLPattern]) -> Iterator[URLPattern]:
    """Each of URLS that begins with FOLDER, which are today's under `/api/`, at the same address without `/api`."""
    for pattern in urls:
        route = str(pattern.pattern)
        if route.startswith(folder):
            assert pattern.name is not None
            yield earlier(route, pattern.callback, pattern.name)


class Described(BaseParser):
    """Reads `description` as `text`."""

    def parse(self, *args: Any, **kwargs: Any) -> Any:
        parsed = super().parse(*args, **kwargs)
        if isinstance(parsed, DataAndFiles):
            return DataAndFiles(self._renamed(parsed.data), parsed.files)
        return self._renamed(parsed)

    @staticmethod
    def _renamed(fields: Any) -> Any:
        names = {name: "text" if name == "description" else name for name in fields}
        if not isinstance(fields, QueryDict):
            return {names[name]: value for name, value in fields.items()}
        renamed = QueryDict(mutable=True)
        for name, values in fields.lists():
            renamed.setlist(names[name], values)
        return renamed


class DescribedJSON(Described, JSONParser):
    pass


class DescribedForm(Described, FormParser):
    pass


class DescribedMultiPart(Described, MultiPartParser):
    pass


class PostCreateView(PostListView):
    """A post whose text is its `description`; the answer has `post_id` besides."""

    http_method_names = ["post", "options"]
    parser_classes = [DescribedJSON, DescribedMultiPart, DescribedForm]

    def post(self, request: Request) -> HttpResponse:
        response = super().post(request)
        post = orjson.loads(response.content)
        response.content = orjson.dumps({"post_id": post["id"], **post})
        return response


posts_with_media = [
    earlier("post/create/", PostCreateView.as_view(), "post-list"),
    earlier("post/add/media/image/", ImageAddView.as_view(), "media-list"),
    earlier("post/add/media/video/", VideoAppendView.as_view(), "upload-list"),
    earlier("post/add/media/video/finalize/", VideoEndView.as_view(), "upload-list"),
]

urlpatterns = [
    earlier("auth/signup/", RegisterView.as_view(), "auth-register"),
    earlier("users/create/", RegisterView.as_view(), "auth-register"),
    earlier("auth/login/", TokenView.as_view(), "auth-token"),
    earlier("auth/token/refresh/", RefreshView.as_view(), "auth-refresh"),
    *without_prefix("recipes/", [*recipe_urls, *post_urls]),
    *without_prefix("posts/", post_urls),
    *posts_with_media,
    # Where that system's own client looked for them.
    path("api/posts/", include(posts_with_media)),
]
