"""Addresses of recipes, under `/api/`."""

from django.urls import path

from recipes import views

urlpatterns = [
    path("recipes/", views.RecipeListView.as_view(), name="recipe-list"),
    path("recipes/import/", views.RecipeImportView.as_view(), name="recipe-import"),
    path("recipes/<int:recipe_id>/", views.RecipeDetailView.as_view(), name="recipe-detail"),
    path("recipes/<int:recipe_id>/rate/", views.RecipeRateView.as_view(), name="recipe-rate"),
    path("recipes/<int:recipe_id>/ratings/", views.RecipeRatingsView.as_view(), name="recipe-ratings"),
    path("users/<str:username>/recipes/", views.UserRecipesView.as_view(), name="user-recipes"),
]
