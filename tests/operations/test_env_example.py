"""`.env.example` is the list of settings that operators read, so it is complete and has nothing that is gone."""

import ast
import re
from itertools import chain

from tests.services import ROOT

# Read by Django's own command line, the tests or the supervisor; not a setting.
NOT_SETTINGS = {"ENV_FILE"}


def names_in_settings() -> set[str]:
    """The variables that core/settings.py and its parts read: the first argument of every env.something() and of its
    own helpers."""
    found = set()
    parts = [ast.walk(ast.parse(path.read_text())) for path in (ROOT / "core").glob("*settings.py")]
    for node in chain.from_iterable(parts):
        if not isinstance(node, ast.Call) or not node.args or not isinstance(node.args[0], ast.Constant):
            continue
        function = node.func
        reads = isinstance(function, ast.Name) and function.id in {"env", "_limit"}
        reads |= (
            isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name) and function.value.id == "env"
        )
        if reads:
            found.add(node.args[0].value)
    return found - NOT_SETTINGS


def lines_of_example() -> list[str]:
    return (ROOT / ".env.example").read_text().splitlines()


def names_in_example() -> list[str]:
    return [match[1] for line in lines_of_example() if (match := re.match(r"#?([A-Z][A-Z0-9_]+)=", line))]


def test_every_setting_is_in_the_example() -> None:
    assert names_in_settings() - set(names_in_example()) == set()


def test_the_example_names_nothing_that_is_gone() -> None:
    assert set(names_in_example()) - names_in_settings() == set()


def test_every_setting_of_the_example_stands_once_and_below_a_comment() -> None:
    names = names_in_example()
    assert sorted(names) == sorted(set(names))
    explained = False
    for line in lines_of_example():
        explained = line.startswith("# ") or (explained and line != "")
        assert explained or not line, f"no comment above {line}"
