"""Addresses of recipes, under `/api/`."""

from django.urls import path

from recipes.views import importing, recipes

urlpatterns = [
    path("recipes/", recipes.RecipeListView.as_view(), name="recipe-list"),
    path("recipes/import/", importing.RecipeImportView.as_view(), name="recipe-import"),
    path("recipes/<int:recipe_id>/", recipes.RecipeDetailView.as_view(), name="recipe-detail"),
    path("recipes/<int:recipe_id>/rate/", recipes.RecipeRateView.as_view(), name="recipe-rate"),
    path("recipes/<int:recipe_id>/ratings/", recipes.RecipeRatingsView.as_view(), name="recipe-ratings"),
    path("users/<str:username>/recipes/", recipes.UserRecipesView.as_view(), name="user-recipes"),
]
