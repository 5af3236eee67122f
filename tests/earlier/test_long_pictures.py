"""Pictures as clients of the earlier systems send them: base64 in a form, longer than other forms may be."""

import base64
import random
from urllib.parse import urlencode

from django.test import Client

from accounts.models import User
from tests.factories import PASSWORD
from tests.media_pipeline.pictures import corners, encoded

FORM = "application/x-www-form-urlencoded"
PICTURE = encoded(corners(64, 48)) + random.Random(12).randbytes(2_000_000)
URL = f"data:image/jpeg;base64,{base64.b64encode(PICTURE).decode()}"


def test_who_registers_brings_a_picture_in_a_form(client: Client) -> None:
    fields = {"username": "ann", "email": "ann@example.org", "password": PASSWORD, "profile_picture": URL}
    answer = client.post("/users/create/", urlencode(fields), content_type=FORM)
    assert answer.status_code == 201, answer.content
    assert User.objects.get().profile.picture.size == len(PICTURE)


def test_a_post_is_given_a_picture_in_a_form(author: Client) -> None:
    post_id = author.post("/post/create/", urlencode({"description": "Soup"}), content_type=FORM).json()["post_id"]
    body = urlencode({"imageBase64": URL, "postID": post_id})
    answer = author.post("/post/add/media/image/", body, content_type=FORM)
    assert answer.status_code == 201, answer.content
    assert len(answer.json()["media"]) == 1
