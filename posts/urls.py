"""Addresses of the social network, under `/api/`."""

from django.urls import path

from posts.views import notifications

urlpatterns = [
    path("notifications/", notifications.NotificationListView.as_view(), name="notification-list"),
    path("notifications/unread-count/", notifications.UnreadCountView.as_view(), name="notification-unread-count"),
    path("notifications/read/", notifications.ReadView.as_view(), name="notification-read"),
]
