from rest_framework import serializers

from benchmarks.peers.stock.models import Ingredient, Rating, Recipe, Step, User


class SellerSerializer(serializers.ModelSerializer):
    class Meta:
        model = User
        fields = ["id", "username", "display_name", "role", "picture"]


class IngredientSerializer(serializers.ModelSerializer):
    class Meta:
        model = Ingredient
        fields = ["position", "quantity", "unit", "food", "note", "raw"]


class StepSerializer(serializers.ModelSerializer):
    class Meta:
        model = Step
        fields = ["position", "text", "timer_seconds"]


class RecipeSerializer(serializers.ModelSerializer):
    seller = SellerSerializer(read_only=True)

    class Meta:
        model = Recipe
        fields = [
            *["id", "name", "description", "image", "servings", "prep_minutes", "cook_minutes", "tag_names", "seller"],
            *["avg_rating", "rating_count", "created_at", "updated_at"],
        ]
        read_only_fields = ["avg_rating", "rating_count"]


class RecipeDetailSerializer(RecipeSerializer):
    ingredients = IngredientSerializer(many=True, read_only=True)
    steps = StepSerializer(many=True, read_only=True)

    class Meta(RecipeSerializer.Meta):
        fields = [*RecipeSerializer.Meta.fields, "ingredients", "steps"]


class RatingSerializer(serializers.ModelSerializer):
    user = SellerSerializer(read_only=True)

    class Meta:
        model = Rating
        fields = ["id", "recipe", "user", "score", "review", "created_at", "updated_at"]
        read_only_fields = ["recipe"]
