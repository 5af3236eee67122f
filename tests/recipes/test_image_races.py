"""A picture that becomes ready while a recipe takes it."""

import time
from pathlib import Path
from threading import Event, Thread

import pytest
from django.db import connection, connections, transaction
from pytest_django import Settings

from core.errors import PreconditionFailed
from media_pipeline.models import Media
from media_pipeline.services import image_create
from realtime.models import StreamEvent
from recipes.services import recipe_create, recipe_update
from tests.concurrently import someone_waits_for_a_lock
from tests.factories import SellerFactory
from tests.jobs import run_jobs
from tests.recipes.test_publish import picture

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("edited", [False, True], ids=["published", "edited"])
def test_a_recipe_that_takes_a_picture_hears_when_it_is_ready(edited: bool) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer at a time")
    seller = SellerFactory()
    media = image_create(owner=seller, data=picture((60, 40)))
    finished = Event()

    def work() -> None:
        try:
            run_jobs()
        finally:
            connections.close_all()
            finished.set()

    worker = Thread(target=work)
    recipe = recipe_create(user=seller, content={"name": "Toast"}) if edited else None
    with transaction.atomic():
        if recipe is None:
            recipe_create(user=seller, content={"name": "Toast", "image_id": media.pk})
        else:
            recipe_update(user=seller, recipe=recipe, changes={"image_id": media.pk})
        worker.start()
        deadline = time.monotonic() + 20
        while not finished.is_set() and not someone_waits_for_a_lock():
            assert time.monotonic() < deadline
            finished.wait(0.02)
    worker.join()

    shown = StreamEvent.objects.filter(type="recipe.updated").order_by("id").values_list("data", flat=True)
    assert [data["image"]["status"] for data in shown][-1:] == ["ready"]


def test_a_new_picture_of_an_edit_that_comes_too_late_leaves_no_file(settings: Settings) -> None:
    seller = SellerFactory()
    recipe = recipe_create(user=seller, content={"name": "Toast"})
    with pytest.raises(PreconditionFailed):
        recipe_update(user=seller, recipe=recipe, changes={"image": picture((60, 40))}, expected={99})
    assert not Media.objects.exists()
    assert not [path for path in Path(settings.PRIVATE_MEDIA_ROOT).rglob("*") if path.is_file()]
