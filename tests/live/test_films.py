"""A film in a post, as its author and their readers meet it."""

from tests.live.people import Person
from tests.media_pipeline.video.films import film
from tests.stack import Stack


def test_progress_reaches_the_author_and_the_ready_film_the_readers_of_the_post(stack: Stack, customer: Person) -> None:
    data = film("1280x720", seconds=30, rate=10, options=("-c:v", "mpeg4", "-b:v", "3M"))
    with customer.socket() as own, Person(stack).socket() as reader:
        media = customer.call("POST", "/api/media/", 202, files={"file": ("film.mp4", data)})
        post = customer.call("POST", "/api/posts/", 201, json={"text": "Look!", "media_ids": [media["id"]]})
        assert post["media"][0]["status"] == "pending"
        reader.subscribe(f"post:{post['id']}")

        percents = []
        while (heard := own.publication(f"inbox:{customer.id}"))["data"]["type"] == "upload.progress":
            assert "offset" not in heard
            assert heard["data"]["media_id"] == media["id"]
            percents.append(heard["data"]["progress"])
        assert percents
        assert percents == sorted(set(percents))
        assert (heard["data"]["type"], heard["data"]["id"]) == ("media.ready", media["id"])
        assert heard["offset"] == 1

        updated = reader.publication(f"post:{post['id']}")["data"]
        assert updated["type"] == "post.updated"
        [shown] = updated["media"]
        assert shown == customer.call("GET", f"/api/media/{media['id']}/", 200)
        assert shown["hls_url"].endswith("/master.m3u8")
        assert customer.call("GET", f"/api/posts/{post['id']}/", 200)["media"] == [shown]
