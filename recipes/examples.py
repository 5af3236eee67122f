"""Samples of requests and answers for the API's description."""

from typing import Any

from drf_spectacular.utils import OpenApiExample

_SALLY = {
    "id": 3,
    "username": "sally",
    "display_name": "Sally",
    "picture": "/api/default-pictures/picture/3-S.png",
    "role": "seller",
}
_CARL = {
    "id": 7,
    "username": "carl",
    "display_name": "Carl",
    "picture": "/api/default-pictures/picture/7-C.png",
    "role": "customer",
}

SHAKSHUKA = OpenApiExample(
    "in JSON",
    {
        "name": "Shakshuka",
        "description": "Eggs in a spiced tomato sauce.",
        "servings": 2,
        "cook_minutes": 25,
        "tags": ["breakfast", "eggs"],
        "ingredients": [
            "1 tbsp olive oil",
            "1 1/2 cups chopped tomatoes",
            {"quantity": "3", "quantity_max": 4, "food": "eggs"},
        ],
        "steps": ["Cook the tomatoes down.", {"text": "Add the eggs, cover.", "timer_seconds": 360}],
    },
    request_only=True,
)
RENAMING = OpenApiExample("another name", {"name": "Green shakshuka"}, request_only=True)

_LISTED: dict[str, Any] = {
    "id": 42,
    "name": "Shakshuka",
    "description": "Eggs in a spiced tomato sauce.",
    "image": {
        "id": "0b7c4a0e-6d1e-4f6e-9a43-3b1f5a0c2d11",
        "status": "pending",
        "url": None,
        "width": None,
        "height": None,
        "placeholder": None,
        "renditions": {},
    },
    "servings": 2,
    "prep_minutes": None,
    "cook_minutes": 25,
    "tags": ["breakfast", "eggs"],
    "seller": _SALLY,
    "avg_rating": 4.67,
    "rating_count": 3,
    "my_rating": 5,
    "like_count": 0,
    "comment_count": 0,
    "is_liked": False,
    "is_saved": False,
    "visibility": "public",
    "locked": False,
    "post_id": None,
    "version": 1,
    "created_at": "2026-03-01T18:00:00Z",
    "updated_at": "2026-03-01T18:00:00Z",
}
LISTED = OpenApiExample("a recipe whose picture is being resized", _LISTED, response_only=True, status_codes=["200"])
_WHOLE: dict[str, Any] = {
    **_LISTED,
    "ingredients": [
        {
            "position": 1,
            "quantity": 1.5,
            "quantity_max": None,
            "unit": "cup",
            "food": "chopped tomatoes",
            "note": "",
            "raw": "1 1/2 cups chopped tomatoes",
            "display": "1 1/2 cups",
        },
        {
            "position": 2,
            "quantity": 3,
            "quantity_max": 4,
            "unit": "",
            "food": "eggs",
            "note": "",
            "raw": "3-4 eggs",
            "display": "3-4",
        },
    ],
    "steps": [{"position": 1, "text": "Add the eggs, cover.", "timer_seconds": 360}],
}
WHOLE = OpenApiExample("a whole recipe", _WHOLE, response_only=True, status_codes=["200", "201"])
_LINKED: dict[str, Any] = {
    "@context": "https://schema.org",
    "@type": "Recipe",
    "url": "https://simmer.example/api/recipes/42/",
    "name": "Shakshuka",
    "description": "Eggs in a spiced tomato sauce.",
    "author": {
        "@type": "Person",
        "name": "Sally",
        "alternateName": "sally",
        "url": "https://simmer.example/api/users/sally/",
    },
    "datePublished": "2026-03-01T18:00:00Z",
    "dateModified": "2026-03-01T18:00:00Z",
    "recipeYield": "2",
    "cookTime": "PT25M",
    "totalTime": "PT25M",
    "keywords": ["breakfast", "eggs"],
    "recipeIngredient": ["1 1/2 cups chopped tomatoes", "3-4 eggs"],
    "supply": [
        {
            "@type": "HowToSupply",
            "position": 1,
            "name": "chopped tomatoes",
            "requiredQuantity": {"@type": "QuantitativeValue", "value": 1.5, "unitText": "cup"},
        },
        {
            "@type": "HowToSupply",
            "position": 2,
            "name": "eggs",
            "requiredQuantity": {"@type": "QuantitativeValue", "value": 3, "maxValue": 4},
        },
    ],
    "recipeInstructions": [
        {"@type": "HowToStep", "position": 1, "text": "Add the eggs, cover.", "timeRequired": "PT360S"}
    ],
    "aggregateRating": {
        "@type": "AggregateRating",
        "ratingValue": 4.67,
        "ratingCount": 3,
        "bestRating": 5,
        "worstRating": 1,
    },
    "isAccessibleForFree": True,
    "sdPublisher": {"@type": "Organization", "name": "Simmer"},
}
LINKED = OpenApiExample(
    "as schema.org/Recipe", _LINKED, response_only=True, media_type="application/ld+json", status_codes=["200"]
)
FROM_JSONLD = OpenApiExample("JSON-LD", {"jsonld": _LINKED}, request_only=True)
FROM_URL = OpenApiExample("an address", {"url": "https://food.example/shakshuka"}, request_only=True)
IMPORTED = OpenApiExample(
    "without its picture",
    {"recipe": _WHOLE, "warnings": ["image: pictures are not fetched; add one by PATCH."]},
    response_only=True,
    status_codes=["201"],
)

REVIEW = OpenApiExample("with a review", {"score": 5, "review": "Twice a week now."}, request_only=True)
_RATING = {
    "id": 311,
    "recipe_id": 42,
    "user": _CARL,
    "score": 5,
    "review": "Twice a week now.",
    "created_at": "2026-03-01T18:20:05.124Z",
    "updated_at": "2026-03-01T18:20:05.124Z",
}
RATING = OpenApiExample("a rating", _RATING, response_only=True, status_codes=["200"])
RATED = OpenApiExample(
    "with the recipe's new average",
    {**_RATING, "avg_rating": 4.67, "rating_count": 3},
    response_only=True,
    status_codes=["200", "201"],
)
