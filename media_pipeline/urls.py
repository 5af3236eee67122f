"""Routes under /api/."""

from django.urls import path

from media_pipeline.views import media

urlpatterns = [
    path("media/", media.MediaListView.as_view(), name="media-list"),
    path("media/<uuid:media_id>/", media.MediaDetailView.as_view(), name="media-detail"),
]
