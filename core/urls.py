"""Every route, by app. `/static/`, `/media/`, `/healthz`, `/readyz` and `/ws/` are in `core.asgi`."""

from django.contrib import admin
from django.urls import include, path

from core import docs, live

urlpatterns = [
    path("", live.page, name="live"),
    path("admin/", admin.site.urls),
    path("", include("accounts.oauth.urls")),
    path("account/", include("accounts.page_urls")),
    path("api/", include("accounts.urls")),
    path("api/", include("recipes.urls")),
    path("api/", include("posts.urls")),
    path("api/", include("media_pipeline.urls")),
    path("api/", include("realtime.urls")),
    path("api/schema/", docs.schema, name="schema"),
    path("api/docs/", docs.swagger, name="docs"),
    path("api/redoc/", docs.redoc, name="redoc"),
    path("", include("core.earlier_urls")),
]

handler400 = "core.api.bad_request"
handler403 = "core.api.forbidden"
handler404 = "core.api.not_found"
handler500 = "core.api.server_error"
