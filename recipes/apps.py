from django.apps import AppConfig


class RecipesConfig(AppConfig):
    name = "recipes"

    def ready(self) -> None:
        from core.first_page import show_first
        from realtime.channels import everyone, register_namespace
        from recipes import events, exports, handlers  # noqa: F401  events and handlers register themselves
        from recipes.authorizers import readers_of_recipe
        from recipes.reads import first_recipes

        exports.register()
        show_first(first_recipes)
        register_namespace("recipes", authorize=everyone, description="Every new recipe: `recipe.published`.")
        register_namespace(
            "recipe",
            authorize=readers_of_recipe,
            description="One recipe: `rating.created/updated/deleted`, `recipe.updated/deleted`.",
            presence=True,
        )
