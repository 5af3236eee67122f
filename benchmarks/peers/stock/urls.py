from django.urls import include, path
from rest_framework.routers import DefaultRouter

from benchmarks.peers.stock import views

router = DefaultRouter()
router.register("recipes", views.RecipeViewSet, basename="recipe")
router.register("cursor-recipes", views.CursorRecipeViewSet, basename="cursor-recipe")

urlpatterns = [path("api/", include(router.urls)), path("empty/", views.empty)]
