"""Pages about one's account, under `/account/`."""

from django.urls import path

from accounts.views import pages

urlpatterns = [
    path("password/", pages.password, name="account-password"),
    path("email/", pages.email, name="account-email"),
    path("unsubscribe/", pages.UnsubscribeView.as_view(), name="account-unsubscribe"),
]
