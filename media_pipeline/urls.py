"""Routes under /api/."""

from django.urls import path

from media_pipeline.views import MediaDetailView, MediaListView

urlpatterns = [
    path("media/", MediaListView.as_view(), name="media-list"),
    path("media/<uuid:media_id>/", MediaDetailView.as_view(), name="media-detail"),
]
