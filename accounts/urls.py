"""Addresses of people, under `/api/`."""

from django.urls import path

from accounts.views import auth, blocks, care, me, people

urlpatterns = [
    path("auth/register/", auth.RegisterView.as_view(), name="auth-register"),
    path("auth/token/", auth.TokenView.as_view(), name="auth-token"),
    path("auth/token/refresh/", auth.RefreshView.as_view(), name="auth-refresh"),
    path("auth/logout/", auth.LogoutView.as_view(), name="auth-logout"),
    path("auth/password/change/", care.PasswordChangeView.as_view(), name="auth-password-change"),
    path("auth/password/reset/", care.PasswordResetView.as_view(), name="auth-password-reset"),
    path("auth/password/reset/confirm/", care.PasswordResetConfirmView.as_view(), name="auth-password-reset-confirm"),
    path("auth/email/verify/", care.EmailVerifyView.as_view(), name="auth-email-verify"),
    path("auth/email/verify/request/", care.EmailVerifyRequestView.as_view(), name="auth-email-verify-request"),
    path("auth/email/change/", care.EmailChangeView.as_view(), name="auth-email-change"),
    path("realtime/ticket/", auth.TicketView.as_view(), name="realtime-ticket"),
    path("me/", me.MeView.as_view(), name="me"),
    path("me/picture/", me.PictureView.as_view(), name="me-picture"),
    path("me/cover/", me.CoverView.as_view(), name="me-cover"),
    path("me/preferences/", me.PreferencesView.as_view(), name="me-preferences"),
    path("me/sessions/", me.SessionsView.as_view(), name="me-sessions"),
    path("me/blocked/", blocks.BlockedView.as_view(), name="me-blocked"),
    path("me/muted/", blocks.MutedView.as_view(), name="me-muted"),
    path("users/", people.UserListView.as_view(), name="user-list"),
    path("users/<str:username>/", people.UserDetailView.as_view(), name="user-detail"),
    path("users/<str:username>/follow/", people.FollowView.as_view(), name="user-follow"),
    path("users/<str:username>/block/", blocks.BlockView.as_view(), name="user-block"),
    path("users/<str:username>/mute/", blocks.MuteView.as_view(), name="user-mute"),
    path("users/<str:username>/followers/", people.FollowersView.as_view(), name="user-followers"),
    path("users/<str:username>/following/", people.FollowingView.as_view(), name="user-following"),
]
