"""Every route, by app. `/static/`, `/media/`, `/healthz`, `/readyz` and `/ws/` are in `core.asgi`."""

from importlib.util import find_spec

from django.contrib import admin
from django.urls import include, path

_apps = [app for app in ("accounts", "recipes", "media_pipeline", "realtime") if find_spec(f"{app}.urls")]
urlpatterns = [
    path("admin/", admin.site.urls),
    *(path("api/", include(f"{app}.urls")) for app in _apps),
]

handler400 = "core.api.bad_request"
handler403 = "core.api.forbidden"
handler404 = "core.api.not_found"
handler500 = "core.api.server_error"
