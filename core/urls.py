"""Every route, by app."""

from django.contrib import admin
from django.urls import path

urlpatterns = [
    path("admin/", admin.site.urls),
]

handler400 = "core.api.bad_request"
handler403 = "core.api.forbidden"
handler404 = "core.api.not_found"
handler500 = "core.api.server_error"
