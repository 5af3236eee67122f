from django.urls import include, path
from rest_framework.routers import DefaultRouter

from benchmarks.peers.stock import views

router = DefaultRouter()
router.register("recipes", views.RecipeViewSet, basename="recipe")
router.register("cursor-recipes", views.CursorRecipeViewSet, basename="cursor-recipe")
router.register("posts", views.PostViewSet, basename="post")
router.register("feed", views.FeedViewSet, basename="feed")

urlpatterns = [
    path("api/", include(router.urls)),
    path("empty/", views.empty),
    path("upload/", views.UploadView.as_view()),
]
