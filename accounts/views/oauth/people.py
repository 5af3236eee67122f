"""The pages that are a person's: signing in to be asked, and the apps that they allow things."""

from typing import Any

from django import forms
from django.contrib.auth import login, logout
from django.contrib.auth.views import redirect_to_login
from django.db.models import Count, Max, Min
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect
from django.urls import is_valid_path, resolve, reverse_lazy
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.generic import View

from accounts.models import Application, Session, User
from accounts.oauth.pages import page, too_many
from accounts.serializers import PASSWORD_MAX
from accounts.services.apps import app_disallow
from accounts.services.sessions import person_with
from core.clients import address_of
from core.errors import Throttled, Unauthenticated
from core.oauth import SCOPES

APPS = reverse_lazy("oauth2_provider:apps")
SIGN_IN = reverse_lazy("oauth2_provider:sign-in")


class SignInForm(forms.Form):
    identifier = forms.CharField(max_length=254)
    password = forms.CharField(max_length=PASSWORD_MAX, strip=False)


class SignInView(View):
    """For browsers that an app has sent here: a cookie until the browser is closed, good for these pages."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return page(request, "sign_in", {"next": request.GET.get("next", "")})

    def post(self, request: HttpRequest) -> HttpResponse:
        if (limited := too_many(request)) is not None:
            return limited
        form, target = SignInForm(request.POST), request.POST.get("next", "")
        context: dict[str, Any] = {"next": target, "identifier": request.POST.get("identifier", "")}
        if not form.is_valid():
            return page(request, "sign_in", {**context, "complaint": "Give both, as you registered."}, status=400)
        try:
            user = person_with(**form.cleaned_data, address=address_of(request))
        except (Unauthenticated, Throttled) as error:
            status = 429 if isinstance(error, Throttled) else 400
            return page(request, "sign_in", {**context, "complaint": error.detail}, status=status)
        login(request, user)
        request.session.set_expiry(0)
        return _onward(request, target)


class SignOutView(View):
    def post(self, request: HttpRequest) -> HttpResponse:
        logout(request)
        return redirect_to_login(request.POST.get("next", ""), str(SIGN_IN))


class AppsView(View):
    """What this person allows apps; POST with an app's `client_id` takes it back."""

    def get(self, request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User):
            return redirect_to_login(str(APPS), str(SIGN_IN))
        return page(request, "apps", {"apps": _apps_of(request.user)})

    def post(self, request: HttpRequest) -> HttpResponse:
        if not isinstance(request.user, User):
            return redirect_to_login(str(APPS), str(SIGN_IN))
        app = get_object_or_404(Application, client_id=request.POST.get("client_id", "").replace("\x00", ""))
        app_disallow(user=request.user, application=app)
        return redirect(APPS)


def _apps_of(user: User) -> list[dict[str, Any]]:
    """Newest first, each with all that it may do. One query."""
    by_scope = (
        Session.objects.live()
        .filter(user=user, application__isnull=False)
        .values("application__client_id", "application__name", "scope")
        .annotate(since=Min("created_at"), used=Max("refreshed_at"), places=Count("pk"))
        .order_by("-since")
    )
    apps: dict[str, dict[str, Any]] = {}
    for row in by_scope:
        app = apps.setdefault(row["application__client_id"], {**row, "scopes": set(), "places": 0})
        app["scopes"].update(row["scope"].split())
        app["places"] += row["places"]
        app["since"], app["used"] = min(app["since"], row["since"]), max(app["used"], row["used"])
    for client_id, app in apps.items():
        allowed = [text for scope, text in SCOPES.items() if scope in app["scopes"]]
        app.update(client_id=client_id, name=app["application__name"], permissions=allowed)
    return list(apps.values())


def _onward(request: HttpRequest, target: str) -> HttpResponse:
    """To TARGET if it is one of these pages, else to the list of apps."""
    if url_has_allowed_host_and_scheme(target, {request.get_host()}, require_https=request.is_secure()):
        path = target.partition("?")[0]
        if is_valid_path(path) and resolve(path).namespace == "oauth2_provider":
            return HttpResponseRedirect(target)
    return redirect(APPS)
