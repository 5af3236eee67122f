"""The state machine of uploads (uploads/test_any_order.py), whose bytes lie in a bucket."""

import pytest
from pytest_django import Settings

from tests.media_pipeline.uploads import test_any_order as histories
from tests.s3 import Bucket, media_on_s3


def test_a_few_histories_in_a_bucket(db: None, bucket: Bucket, settings: Settings) -> None:
    media_on_s3(settings)
    histories.run(4, 15)


@pytest.mark.faults
def test_a_hundred_histories_in_a_bucket(db: None, bucket: Bucket, settings: Settings) -> None:
    media_on_s3(settings)
    histories.run(100, 50)
