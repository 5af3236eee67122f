"""Writing, changing and deleting posts."""

import base64
import io
from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone
from PIL import Image

from accounts.models import Profile
from media_pipeline.models import Media
from posts.models import ModerationAction, Post, PostTag
from realtime.models import Job
from tests.jobs import run_jobs
from tests.posts.conftest import Person, events


def picture() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (60, 40), "tomato").save(data, "PNG")
    return data.getvalue()


PICTURE = base64.b64encode(picture()).decode()


def path_of(post: dict[str, Any]) -> str:
    return f"/api/posts/{post['id']}/"


def test_a_post_has_its_words_tags_and_counters(ann: Person, anonymous: Person) -> None:
    response = ann.post("/api/posts/", {"text": "  Soup! #Crème #lunch #LUNCH"})
    post = response.json()
    assert (response.status_code, response["Location"]) == (201, path_of(post))
    assert post["text"] == "  Soup! #Crème #lunch #LUNCH"
    assert post["tags"] == ["crème", "lunch"]
    assert (post["kind"], post["status"], post["visibility"], post["locked"]) == (
        "status",
        "published",
        "public",
        False,
    )
    assert (post["author"]["username"], post["media"], post["recipe"], post["original"]) == ("ann", [], None, None)
    assert (post["version"], post["publish_at"], post["dislike_count"]) == (1, None, 0)
    seen = anonymous.get(path_of(post)).json()
    assert seen == {**post, "dislike_count": None}
    assert PostTag.objects.count() == 2
    assert Profile.objects.get(user=ann.user).post_count == 1


def test_a_new_post_is_heard_on_its_authors_channel_and_by_feeds(ann: Person) -> None:
    post = ann.write("Soup #lunch")
    [event] = events(f"user:{ann.user.pk}")
    assert (event["type"], event["post_id"], event["text"]) == ("post.published", post["id"], "Soup #lunch")
    assert (event["actor"]["username"], event["tags"], event["locked"]) == ("ann", ["lunch"], False)
    assert events("feeds") == [event]


def test_what_is_for_followers_is_not_heard_on_the_authors_channel(ann: Person) -> None:
    ann.write(visibility="followers")
    assert events(f"user:{ann.user.pk}") == []
    assert len(events("feeds")) == 1


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "text"),
        ({"text": ""}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": "x" * 10_001}, "text"),
        ({"text": "x" * 100_000}, "text"),
        ({"text": 5}, "text"),
        ({"text": None}, "text"),
        ({"text": " ".join(f"#t{n}" for n in range(31))}, "text"),
        ({"text": " ".join(f"#t{n}" for n in range(1_000))}, "text"),
        ({"text": "x", "visibility": "friends"}, "visibility"),
        ({"text": "x", "recipe_id": 999}, "recipe_id"),
        ({"text": "x", "recipe_id": 10**30}, "recipe_id"),
        ({"text": "x", "recipe_id": "1"}, "recipe_id"),
        ({"text": "x", "media_ids": ["0b7c4a0e-6d1e-4f6e-9a43-3b1f5a0c2d11"]}, "media_ids"),
        ({"text": "x", "media_ids": ["no uuid"]}, "media_ids.0"),
        ({"text": "x", "media_ids": "no list"}, "media_ids"),
        ({"text": "x", "image": "%"}, "image"),
        ({"text": "x", "image": [PICTURE] * 11}, "image"),
    ],
)
def test_bad_input_is_refused_with_the_field_named(ann: Person, body: Any, field: str) -> None:
    response = ann.post("/api/posts/", body)
    assert response.status_code == 400, response.content
    assert list(response.json()["errors"]) == [field]
    assert not Post.objects.exists()
    assert not Media.objects.exists()


@pytest.mark.parametrize("body", [b'{"text": "a\\u0000b"}', b'{"text": "\\ud800"}', b'{"text": "\xed\xa0\x80"}', b"[]"])
def test_what_is_no_text_is_refused(ann: Person, body: bytes) -> None:
    assert ann.post("/api/posts/", body).status_code == 400


def test_thirty_hashtags_and_ten_thousand_characters_are_taken(ann: Person) -> None:
    text = " ".join(f"#t{n}" for n in range(30)) + " "
    assert len(ann.write(text + "x" * (10_000 - len(text)))["tags"]) == 30


def test_a_post_shows_new_and_uploaded_pictures_in_order(ann: Person) -> None:
    uploaded = ann.post("/api/media/", {"image": PICTURE}).json()["id"]
    post = ann.write("", media_ids=[uploaded], image=[PICTURE, PICTURE])
    assert post["media"][0]["id"] == uploaded
    assert len({media["id"] for media in post["media"]}) == 3
    assert {media["kind"] for media in post["media"]} == {"image"}
    turned = [media["id"] for media in reversed(post["media"])]
    changed = ann.patch(path_of(post), {"media_ids": turned}).json()
    assert [media["id"] for media in changed["media"]] == turned
    assert changed["version"] == 2


def test_a_form_brings_pictures_as_files(ann: Person) -> None:
    files = [SimpleUploadedFile(f"{n}.png", picture(), "image/png") for n in range(2)]
    response = ann.form("/api/posts/", {"text": "Two", "image": files, "publish_at": "", "recipe_id": ""})
    assert response.status_code == 201, response.content
    assert len(response.json()["media"]) == 2


def test_pictures_within_a_post_count_as_an_upload(ann: Person, settings: Any) -> None:
    settings.THROTTLES = {**settings.THROTTLES, "upload": "2/hour"}
    post = ann.write(image=[PICTURE, PICTURE])
    at = (timezone.now() + timedelta(hours=1)).isoformat()
    waiting = ann.write(image=PICTURE, publish_at=at)
    refused = [
        ann.post("/api/posts/", {"text": "More", "image": PICTURE}),
        ann.patch(f"/api/posts/{post['id']}/", {"image": PICTURE}),
        ann.patch(f"/api/scheduled-posts/{waiting['id']}/", {"image": PICTURE}),
    ]
    assert [(answer.status_code, answer.json()["code"]) for answer in refused] == [(429, "throttled")] * 3
    assert ann.patch(f"/api/posts/{post['id']}/", {"text": "Without"}).status_code == 200
    ann.write("Words alone")


def test_media_of_others_and_broken_ones_are_refused(ann: Person, bob: Person) -> None:
    of_bob = bob.post("/api/media/", {"image": PICTURE}).json()["id"]
    broken = ann.post("/api/media/", {"image": PICTURE}).json()["id"]
    Media.objects.filter(pk=broken).update(status="failed")
    for media_id in (of_bob, broken):
        response = ann.post("/api/posts/", {"text": "x", "media_ids": [media_id]})
        assert (response.status_code, list(response.json()["errors"])) == (400, ["media_ids"])


def test_a_video_stands_alone(ann: Person) -> None:
    video = Media.objects.create(owner=ann.user, kind="video", original="v")
    assert ann.write(media_ids=[str(video.pk)])["media"][0]["kind"] == "video"
    for more in ({"image": PICTURE}, {"image": [PICTURE] * 2}):
        assert ann.post("/api/posts/", {"text": "x", "media_ids": [str(video.pk)], **more}).status_code == 400


def test_a_picture_that_becomes_ready_is_heard_on_the_posts_channel(ann: Person) -> None:
    post = ann.write(image=PICTURE)
    assert "media_pipeline.process_image" in run_jobs()
    [event] = [event for event in events(f"post:{post['id']}") if event["type"] == "post.updated"]
    assert (event["actor"], event["version"], event["media"][0]["status"]) == (None, 1, "ready")
    assert ann.get(path_of(post)).json()["media"] == event["media"]


@pytest.mark.django_db(transaction=True)
def test_media_go_with_their_post_unless_another_shows_them(ann: Person) -> None:
    first = ann.write(image=PICTURE)
    media_id = first["media"][0]["id"]
    second = ann.write(media_ids=[media_id])
    assert ann.delete(path_of(first)).status_code == 204
    assert Media.objects.count() == 1
    assert ann.patch(path_of(second), {"media_ids": []}).json()["media"] == []
    assert not Media.objects.exists()


def test_a_post_shows_the_recipe_that_was_cooked(ann: Person, sally: Person) -> None:
    recipe = sally.create()
    post = ann.write("", recipe_id=recipe["id"])
    assert post["recipe"] == {
        "id": recipe["id"],
        "name": "Shakshuka",
        "image": None,
        "seller": recipe["seller"],
        "avg_rating": None,
        "rating_count": 0,
        "locked": False,
    }
    ann.rate(recipe["id"], 4)
    assert ann.get(path_of(post)).json()["recipe"]["avg_rating"] == 4
    sally.delete(f"/api/recipes/{recipe['id']}/")
    assert ann.get(path_of(post)).json()["recipe"] is None


def test_a_recipe_that_the_viewer_may_not_see_is_not_shown_with_a_post(ann: Person, bob: Person, sally: Person) -> None:
    recipe = sally.create()
    post = ann.write(recipe_id=recipe["id"])
    sally.block(bob)
    assert bob.get(path_of(post)).json()["recipe"] is None
    assert bob.post("/api/posts/", {"recipe_id": recipe["id"]}).status_code == 400


def test_the_author_changes_a_post(ann: Person) -> None:
    post = ann.write("Soup #one #two")
    response = ann.patch(path_of(post), {"text": "Soup #two #three"})
    changed = response.json()
    assert response.status_code == 200
    assert (changed["text"], changed["tags"], changed["version"]) == ("Soup #two #three", ["two", "three"], 2)
    assert changed["updated_at"] > post["updated_at"]
    assert set(PostTag.objects.values_list("tag__name", flat=True)) == {"two", "three"}
    [event] = events(f"post:{post['id']}")
    assert (event["type"], event["text"], event["version"]) == ("post.updated", "Soup #two #three", 2)


def test_an_edit_that_changes_nothing_is_not_heard(ann: Person) -> None:
    post = ann.write(image=PICTURE)
    same = {"text": post["text"], "visibility": "public", "media_ids": [post["media"][0]["id"]], "recipe_id": None}
    for body in (same, {}, post):
        response = ann.patch(path_of(post), body)
        assert (response.status_code, response.json()) == (200, post)
    assert events(f"post:{post['id']}") == []


def test_a_post_cannot_be_emptied(ann: Person) -> None:
    post = ann.write("Soup", image=PICTURE)
    assert ann.patch(path_of(post), {"text": ""}).json()["text"] == ""
    response = ann.patch(path_of(post), {"media_ids": []})
    assert (response.status_code, list(response.json()["errors"])) == (400, ["text"])
    assert len(ann.get(path_of(post)).json()["media"]) == 1


def test_newly_mentioned_people_are_looked_for_again(ann: Person) -> None:
    post = ann.write("Soup")
    Job.objects.all().delete()
    ann.patch(path_of(post), {"text": "Soup, @bob"})
    ann.patch(path_of(post), {"text": "Soup, @bob!"})
    assert [job.args["kind"] for job in Job.objects.filter(task="posts.notify")] == ["mention"]


def test_others_cannot_change_a_post(ann: Person, bob: Person, moderator: Person, anonymous: Person) -> None:
    post = ann.write()
    for other in (bob, moderator):
        response = other.patch(path_of(post), {"text": 5})
        assert (response.status_code, response.json()["code"]) == (403, "not_author")
    assert anonymous.patch(path_of(post), {"text": "Mine"}).status_code == 401
    assert bob.delete(path_of(post)).status_code == 403
    assert ann.get(path_of(post)).json() == post


def test_an_edit_of_an_old_version_is_refused(ann: Person) -> None:
    post = ann.write()
    old = ann.get(path_of(post))["ETag"]
    assert ann.patch(path_of(post), {"text": "Second"}, headers={"If-Match": old}).status_code == 200
    assert ann.patch(path_of(post), {"text": "Third"}, headers={"If-Match": old}).status_code == 412
    assert ann.delete(path_of(post), headers={"If-Match": old}).status_code == 412


def test_a_read_is_conditional_and_tells_its_position(ann: Person) -> None:
    post = ann.write()
    read = ann.get(path_of(post))
    assert read["Stream-Position"].startswith(f"post:{post['id']};")
    assert ann.get(path_of(post), headers={"If-None-Match": read["ETag"]}).status_code == 304


def test_the_author_deletes_a_post_with_all_that_belongs_to_it(ann: Person, bob: Person) -> None:
    post = ann.write("Soup #one")
    bob.repost(post["id"])
    assert ann.delete(path_of(post)).status_code == 204
    assert (ann.get(path_of(post)).status_code, ann.delete(path_of(post)).status_code) == (404, 404)
    event = events(f"post:{post['id']}")[-1]
    assert (event["type"], event["actor"]["username"]) == ("post.deleted", "ann")
    assert not Post.objects.exists()
    assert Profile.objects.get(user=ann.user).post_count == 0


def test_a_moderator_deletes_a_post_and_only_the_audit_names_them(ann: Person, moderator: Person) -> None:
    post = ann.write()
    assert moderator.delete(path_of(post)).status_code == 204
    assert events(f"post:{post['id']}")[-1]["actor"] is None
    action = ModerationAction.objects.get()
    assert (action.moderator, action.action, action.target, action.target_id, action.owner) == (
        moderator.user,
        "removed",
        "post",
        post["id"],
        ann.user,
    )


def test_what_one_deletes_oneself_is_not_audited(moderator: Person) -> None:
    moderator.delete(path_of(moderator.write()))
    assert not ModerationAction.objects.exists()


def test_a_post_sent_again_under_its_key_is_written_once(ann: Person) -> None:
    first, again = (ann.post("/api/posts/", {"text": "Once"}, headers={"Idempotency-Key": "k"}) for _ in range(2))
    assert (first.status_code, again.status_code, first.json()) == (201, 201, again.json())
    assert Post.objects.count() == 1
