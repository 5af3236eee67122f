"""On SQLite search and trends look at every row, and answer alike."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

# Publishes and searches over HTTP's routes, in a process whose database is SQLite; prints what was found, as JSON.
SCRIPT = """
import json, django
django.setup()
from django.conf import settings
settings.THROTTLES = dict.fromkeys(settings.THROTTLES, "off")
settings.ALLOWED_HOSTS = ["testserver"]
from urllib.parse import quote
from posts.tasks import update_trends
from tests.factories import SellerFactory, UserFactory
from tests.posts.conftest import Person

sally, ann = Person(SellerFactory(username="sally")), Person(UserFactory(username="ann"))
bare = {"description": "", "tags": []}
soup = sally.create(name="Tomato soup", **{**bare, "tags": ["crème"]})
bread = sally.create(name="Bread", **{**bare, "description": "Dip it into tomato sauce."})
secret = sally.create(name="Premium sauce", visibility="premium", **{**bare, "description": "With tomato."})
fried = sally.create(name="Stir-fry", **{**bare, "description": "Hot, in a wok."})
ann.rate(bread["id"], 5)
post = ann.write("Tomatoes everywhere #summer")["id"]
hidden = ann.write("Premium tomato words", visibility="premium")["id"]
ann.put(f"/api/recipes/{bread['id']}/like/")
update_trends()
update_trends()

paths = {
    "names first": "/api/search/?q=TOMATO",
    "both words": "/api/search/?q=" + quote("tomato sauce"),
    "without": "/api/search/?q=" + quote("tomato -soup"),
    "phrase": "/api/search/?q=" + quote('"tomato soup"'),
    "hyphen": "/api/search/?q=stir-fry",
    "hyphen of another": "/api/search/?q=stir_fry",
    "comma between": "/api/search/?q=" + quote('"hot in a"'),
    "without a hyphen": "/api/search/?q=" + quote("wok -stir-fry"),
    "tags": "/api/search/?q=" + quote("crème"),
    "signs": "/api/search/?q=" + quote("100%_"),
    "narrowed": "/api/recipes/?q=tomato&min_rating=4&order=top",
    "posts": "/api/posts/?q=tomato",
    "people": "/api/search/?q=sal&type=users",
    "trending": "/api/recipes/?order=trending",
    "posts of a tag": "/api/tags/summer/posts/",
}
found = {name: ann.listed(path) for name, path in paths.items()}
found["tags by trend"] = [tag["name"] for tag in ann.get("/api/tags/").json()["results"]]
found["tags by name"] = [tag["name"] for tag in ann.get("/api/tags/?q=su").json()["results"]]
names = {soup["id"]: "soup", bread["id"]: "bread", secret["id"]: "secret", fried["id"]: "stir-fry"}
people = {sally.user.pk: "sally"}
posts = {post: "post", hidden: "hidden"}
for name, ids in found.items():
    known = people if name == "people" else posts if "posts" in name else names
    found[name] = [known.get(each, each) for each in ids]
print(json.dumps(found))
"""


def test_search_tags_and_trends_work_on_sqlite(tmp_path: Path, migrated_sqlite: Path) -> None:
    database = shutil.copy(migrated_sqlite, tmp_path)
    env = {**os.environ, "DATABASE_URL": f"sqlite:///{database}", "DEBUG": "1"}
    ran = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**env, "DJANGO_SETTINGS_MODULE": "core.settings", "DEV_DIR": str(tmp_path)},
        capture_output=True, text=True, check=False, timeout=120,
    )  # fmt: skip
    assert ran.returncode == 0, ran.stderr
    assert json.loads(ran.stdout) == {
        "names first": ["soup", "bread"],
        "both words": ["bread"],
        "without": ["bread"],
        "phrase": ["soup"],
        "hyphen": ["stir-fry"],
        "hyphen of another": ["stir-fry"],
        "comma between": ["stir-fry"],
        "without a hyphen": [],
        "tags": ["soup"],
        "signs": [],
        "narrowed": ["bread"],
        "posts": ["post"],
        "people": ["sally"],
        "trending": ["bread", "stir-fry", "secret", "soup"],
        "posts of a tag": ["post"],
        "tags by trend": ["summer", "crème"],
        "tags by name": ["summer"],
    }
