"""Ann and Bob, who have to do with each other everywhere, and Carl, who has to do with both.

Whatever Ann or Bob write holds a word that nobody else writes, so that it is found wherever it leaks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.utils import timezone

from accounts.models import User
from tests.factories import UserFactory
from tests.jobs import run_jobs
from tests.posts.conftest import Person

TAG = "sourdough"
THINGS = ("post_id", "scheduled_id", "recipe_id", "comment_id", "upload_id")


@dataclass
class Stranger:
    """One of the three, with the ids of what is theirs, by the names that addresses call them."""

    person: Person
    word: str
    things: dict[str, list[Any]] = field(default_factory=lambda: {name: [] for name in THINGS})

    @property
    def username(self) -> str:
        return self.person.user.username

    def traces(self) -> tuple[str, ...]:
        """What shows that an answer is about them, in lower case."""
        return (self.word, self.username.lower())

    def post(self, path: str, body: Any) -> dict[str, Any]:
        response = self.person.post(path, body)
        assert response.status_code in (200, 201), (path, response.content)
        answer: dict[str, Any] = response.json()
        return answer

    def put(self, path: str) -> None:
        response = self.person.put(path)
        assert response.status_code in (200, 201, 204), (path, response.content)

    def write(self, text: str, **more: Any) -> int:
        post = self.post("/api/posts/", {"text": f"{text} {self.word} #{TAG}", **more})["id"]
        self.things["scheduled_id" if "publish_at" in more else "post_id"].append(post)
        return int(post)

    def comment(self, path: str) -> int:
        comment = self.post(path, {"text": f"I say {self.word}"})["id"]
        self.things["comment_id"].append(comment)
        return int(comment)

    def repost(self, post: int) -> None:
        self.things["post_id"].append(self.person.repost(post)["id"])


@dataclass(frozen=True)
class Strangers:
    ann: Stranger
    bob: Stranger
    carl: Stranger

    def __iter__(self) -> Iterator[Stranger]:
        return iter((self.ann, self.bob, self.carl))


def make_strangers() -> Strangers:
    """The three after a long evening; every job has run."""
    ann, bob, carl = (
        Stranger(Person(UserFactory(username=username, role="seller", display_name=f"The {word}")), word)
        for username, word in (("annabelle77", "zanzibar"), ("bobadilla88", "quixotry"), ("carl", "plain"))
    )
    world = Strangers(ann, bob, carl)
    for one in world:
        one.person.patch("/api/me/", {"bio": f"I am {one.word}"})
        recipe = one.person.create(name=f"Soup {one.word}", description=f"Of {one.word}", tags=[TAG])
        one.things["recipe_id"].append(recipe["id"])
        one.things["post_id"].append(recipe["post_id"])
        film = {"filename": f"{one.word}.mp4", "content_type": "video/mp4", "length": 1}
        one.things["upload_id"].append(one.post("/api/uploads/", film)["id"])
    for one in world:
        for other in world:
            if one is not other:
                one.put(f"/api/users/{other.username}/follow/")
    tomorrow = (timezone.now() + timedelta(days=1)).isoformat()
    for one in world:
        one.write("My day")
        one.write("My tomorrow", publish_at=tomorrow)
        for other in world:
            [recipe] = other.things["recipe_id"]
            one.write("I cooked this", recipe_id=recipe)
    for one, other in ((ann, bob), (bob, ann)):
        one.write(f"Look, @{other.username}!")
        one.write("For my followers", visibility="followers")
    for one in (ann, bob):
        _meet(one, [other for other in world if other is not one])
    for one in (ann, bob):
        carl.repost(one.things["post_id"][1])
    run_jobs()
    return world


def _meet(one: Stranger, others: list[Stranger]) -> None:
    """Does to the others' things whatever can be done."""
    for other in others:
        recipe, post = other.things["recipe_id"][0], other.things["post_id"][1]
        for path in (f"/api/posts/{post}/", f"/api/recipes/{recipe}/"):
            one.put(f"{path}like/")
            one.put(f"{path}save/")
            comment = one.comment(f"{path}comments/")
            other.put(f"/api/comments/{comment}/like/")
            other.comment(f"/api/comments/{comment}/replies/")
        one.repost(post)
        # Only customers rate.
        User.objects.filter(pk=one.person.user.pk).update(role="customer")
        one.post(f"/api/recipes/{recipe}/rate/", {"score": 5, "review": f"So {one.word}"})
        User.objects.filter(pk=one.person.user.pk).update(role="seller")
