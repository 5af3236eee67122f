"""What the README tells a newcomer to type works as it stands."""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from core.processes import bound
from tests.services import ROOT
from tests.stack import Stack


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", (Path(ROOT) / "README.md").read_text(), re.DOTALL)


@pytest.mark.skipif(not (shutil.which("curl") and shutil.which("jq")), reason="needs curl and jq")
def test_the_path_by_hand_ends_with_a_rated_recipe_a_feed_and_a_photo(stack: Stack, tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), (180, 60, 30)).save(tmp_path / "photo.jpg")
    by_hand, with_photo = blocks("sh")
    script = f"{by_hand}\necho ---\n{with_photo}".replace("http://localhost:8000", stack.url)
    done = subprocess.run(
        ["bash", "-eu", "-o", "pipefail", "-c", script], cwd=tmp_path, capture_output=True, text=True, timeout=60
    )
    assert done.returncode == 0, done.stderr
    printed, photo = done.stdout.split("---\n")
    assert json.loads(photo) == "pending"
    answers = printed[printed.index("{\n") :]
    recipe, end = json.JSONDecoder().raw_decode(answers)
    assert recipe == {"name": "Pears in red wine", "avg_rating": 5, "rating_count": 1}
    # One's own post at once; the followed seller's recipe as soon as a worker has been there.
    feed = json.loads(answers[answers.index("[\n", end) :])
    assert feed[0] == {"kind": "status", "tags": ["pears"], "like_count": 0, "comment_count": 0}
    announcement = {"kind": "recipe", "tags": [], "like_count": 1, "comment_count": 1}
    assert feed[1:] in ([], [announcement])


def test_the_client_of_the_readme_prints_what_it_is_sent(stack: Stack, tmp_path: Path) -> None:
    script = tmp_path / "listen.py"
    script.write_text(blocks("python")[0].replace("ws://localhost:8000/ws/", stack.ws_url))
    process = subprocess.Popen(bound([sys.executable, str(script), "recipes"]), stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        assert "connect" in json.loads(process.stdout.readline())
        assert "subscribe" in json.loads(process.stdout.readline())
        stack.query(
            "INSERT INTO realtime_streamevent (channel, type, data, created_at)"
            """ VALUES ('recipes', 'recipe.published', '{"type": "recipe.published"}', now())"""
        )
        assert json.loads(process.stdout.readline())["push"]["pub"]["data"] == {"type": "recipe.published"}
    finally:
        process.kill()
        process.communicate()
