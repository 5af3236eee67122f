"""Routes under /api/. Bodies of chunks and of tus come through `media_pipeline.bodies`, ahead of Django."""

from django.urls import path

from media_pipeline.views import drawn, media, tus, uploads

urlpatterns = [
    path("media/", media.MediaListView.as_view(), name="media-list"),
    path("media/<uuid:media_id>/", media.MediaDetailView.as_view(), name="media-detail"),
    path("media/<uuid:media_id>/original/", media.MediaOriginalView.as_view(), name="media-original"),
    path("default-pictures/<str:kind>/<str:name>.png", drawn.DrawnView.as_view(), name="default-picture"),
    path("uploads/", uploads.UploadListView.as_view(), name="upload-list"),
    path("uploads/<uuid:upload_id>/", uploads.UploadDetailView.as_view(), name="upload-detail"),
    path("uploads/<uuid:upload_id>/chunks/<str:index>/", uploads.ChunkView.as_view(), name="upload-chunk"),
    path("uploads/<uuid:upload_id>/finalize/", uploads.FinalizeView.as_view(), name="upload-finalize"),
    path("tus/", tus.TusListView.as_view(), name="tus-list"),
    path("tus/<uuid:tus_id>/", tus.TusDetailView.as_view(), name="tus-detail"),
]
