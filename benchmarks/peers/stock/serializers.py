from rest_framework import serializers

from benchmarks.peers.stock.models import Comment, Ingredient, Post, Rating, Recipe, Step, User


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


class RecipeCardSerializer(serializers.ModelSerializer):
    class Meta:
        model = Recipe
        fields = ["id", "name", "image", "avg_rating", "rating_count"]


class PostSerializer(serializers.ModelSerializer):
    author = SellerSerializer(read_only=True)
    recipe = RecipeCardSerializer(read_only=True)
    is_liked = serializers.BooleanField(read_only=True)

    class Meta:
        model = Post
        fields = [
            *["id", "author", "text", "image", "recipe", "tag_names", "like_count", "comment_count", "is_liked"],
            *["created_at", "updated_at"],
        ]
        read_only_fields = ["like_count", "comment_count"]


class CommentSerializer(serializers.ModelSerializer):
    author = SellerSerializer(read_only=True)

    class Meta:
        model = Comment
        fields = ["id", "post", "author", "text", "created_at", "updated_at"]
        read_only_fields = ["post"]
