"""Every table of the social network. Each module is one idea; the rest of the project imports from here."""

from posts.models.comments import Comment, CommentReaction
from posts.models.digests import Digest, DigestRun
from posts.models.exports import DataExport
from posts.models.feed import FeedEntry, FeedRanking
from posts.models.moderation import ModerationAction, Report
from posts.models.notifications import Notification, NotificationActor
from posts.models.posts import Post, PostMedia, PostTag
from posts.models.reactions import PostReaction, PostView, Reaction, Save
from posts.models.trends import TagTrend

__all__ = [
    "Comment",
    "CommentReaction",
    "DataExport",
    "Digest",
    "DigestRun",
    "FeedEntry",
    "FeedRanking",
    "ModerationAction",
    "Notification",
    "NotificationActor",
    "Post",
    "PostMedia",
    "PostReaction",
    "PostTag",
    "PostView",
    "Reaction",
    "Report",
    "Save",
    "TagTrend",
]
