"""The route that takes recipes from elsewhere."""

from drf_spectacular.utils import extend_schema
from rest_framework import status
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.authentication import user_of
from core.body_limits import BodyLimits
from core.idempotency import idempotent_after
from recipes.examples import FROM_JSONLD, FROM_URL, IMPORTED
from recipes.importing import Import, recipe_import
from recipes.linked_data_serializers import PAGE_MAX, ImportedOutput, RecipeImportInput
from recipes.reads import recipe_read
from recipes.services import recipe_create, require_seller


def imported(request: Request) -> Import:
    """The recipe that the request names, which may have to be fetched: before the transaction that stores it."""
    require_seller(user_of(request))
    data = RecipeImportInput(data=request.data)
    data.is_valid(raise_exception=True)
    return recipe_import(**data.validated_data)


class RecipeImportView(APIView):
    permission_classes = [IsAuthenticated]
    throttle_scope = "import"
    # A page in JSON, where some characters take two.
    body_limits = BodyLimits(json=2 * PAGE_MAX)

    @extend_schema(
        operation_id="recipes_import",
        summary="Publish a recipe from elsewhere",
        description=(
            "Sellers only, of recipes that they may publish. Send JSON-LD, a page, or the address of either; the "
            "recipe with most ingredients and steps is taken. What this API gives as JSON-LD becomes the same recipe "
            "again. Each part of the source becomes a part of the recipe, or `warnings` says that it was cut, left out "
            "or kept elsewhere; pictures are not fetched. 422: `no_recipe`, `unreadable`; for an address also "
            "`url_refused` (not a public one, or not http or https at their ports), `fetch_failed`, `wrong_type`, "
            "`too_large`; 503 `overloaded` when too many pages are being read."
        ),
        tags=["recipes"],
        request=RecipeImportInput,
        responses={201: ImportedOutput},
        examples=[FROM_JSONLD, FROM_URL, IMPORTED],
    )
    @idempotent_after(imported)
    def post(self, request: Request, prepared: Import) -> Response:
        recipe = recipe_create(user=user_of(request), content=prepared.content)
        return Response(
            {"recipe": recipe_read(request.user, recipe.pk), "warnings": prepared.warnings},
            status=status.HTTP_201_CREATED,
            headers={"Location": f"/api/recipes/{recipe.pk}/"},
        )
