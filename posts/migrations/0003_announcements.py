from django.db import migrations

BATCH = 1_000


def announce(apps, schema_editor):
    """The announcements of recipes that were published before there were any; nobody is told of them."""
    Recipe, RecipeTag, Post, PostTag = (
        apps.get_model(*name)
        for name in (("recipes", "Recipe"), ("recipes", "RecipeTag"), ("posts", "Post"), ("posts", "PostTag"))
    )
    waiting = Recipe.objects.filter(announcement=None).order_by("pk")
    after = 0
    while recipes := list(waiting.filter(pk__gt=after)[:BATCH]):
        posts = Post.objects.bulk_create(
            Post(
                author_id=recipe.seller_id,
                kind="recipe",
                announces=recipe,
                tag_names=recipe.tag_names,
                published_at=recipe.created_at,
            )
            for recipe in recipes
        )
        by_recipe = {post.announces_id: post for post in posts}
        tags = RecipeTag.objects.filter(recipe__in=by_recipe).values_list("recipe", "tag")
        PostTag.objects.bulk_create(
            PostTag(post=by_recipe[recipe], tag_id=tag, published_at=by_recipe[recipe].published_at)
            for recipe, tag in tags
        )
        after = recipes[-1].pk


class Migration(migrations.Migration):
    dependencies = [("posts", "0002_notification_groups")]

    operations = [migrations.RunPython(announce, migrations.RunPython.noop)]
