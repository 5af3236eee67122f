"""Recipes, their ingredients, steps, tags and ratings."""
