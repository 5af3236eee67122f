"""Addresses of the social network, under `/api/`."""

from django.urls import path

from posts.views import comments, feed, moderation, notifications, posts, reactions, saves, scheduled, views

urlpatterns = [
    path("posts/", posts.PostListView.as_view(), name="post-list"),
    path("posts/<int:post_id>/", posts.PostDetailView.as_view(), name="post-detail"),
    path("posts/<int:post_id>/repost/", posts.PostRepostView.as_view(), name="post-repost"),
    path("users/<str:username>/posts/", posts.UserPostsView.as_view(), name="user-posts"),
    path("scheduled-posts/", scheduled.ScheduledListView.as_view(), name="scheduled-post-list"),
    path("scheduled-posts/<int:post_id>/", scheduled.ScheduledDetailView.as_view(), name="scheduled-post-detail"),
    path("feed/", feed.FeedView.as_view(), name="feed"),
    path("me/follow-suggestions/", feed.SuggestionsView.as_view(), name="me-follow-suggestions"),
    path("notifications/", notifications.NotificationListView.as_view(), name="notification-list"),
    path("notifications/unread-count/", notifications.UnreadCountView.as_view(), name="notification-unread-count"),
    path("notifications/read/", notifications.ReadView.as_view(), name="notification-read"),
    path("posts/<int:post_id>/comments/", comments.PostCommentsView.as_view(), name="post-comments"),
    path("recipes/<int:recipe_id>/comments/", comments.RecipeCommentsView.as_view(), name="recipe-comments"),
    path("comments/<int:comment_id>/", comments.CommentView.as_view(), name="comment-detail"),
    path("comments/<int:comment_id>/replies/", comments.RepliesView.as_view(), name="comment-replies"),
    path("posts/<int:post_id>/like/", reactions.PostLikeView.as_view(), name="post-like"),
    path("posts/<int:post_id>/dislike/", reactions.PostDislikeView.as_view(), name="post-dislike"),
    path("recipes/<int:recipe_id>/like/", reactions.RecipeLikeView.as_view(), name="recipe-like"),
    path("comments/<int:comment_id>/like/", reactions.CommentLikeView.as_view(), name="comment-like"),
    path("comments/<int:comment_id>/dislike/", reactions.CommentDislikeView.as_view(), name="comment-dislike"),
    path("posts/<int:post_id>/save/", saves.PostSaveView.as_view(), name="post-save"),
    path("recipes/<int:recipe_id>/save/", saves.RecipeSaveView.as_view(), name="recipe-save"),
    path("me/liked/", reactions.LikedView.as_view(), name="me-liked"),
    path("me/saved/", saves.SavedView.as_view(), name="me-saved"),
    path("views/", views.ViewsView.as_view(), name="views"),
    path("reports/", moderation.ReportView.as_view(), name="report-list"),
    path("moderation/reports/", moderation.ReportQueueView.as_view(), name="moderation-report-list"),
    path("moderation/reports/<int:report_id>/", moderation.ReportDecisionView.as_view(), name="moderation-report"),
    path("moderation/actions/", moderation.ActionListView.as_view(), name="moderation-action-list"),
]
