"""What a text names: hashtags and people."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from posts.text import hashtags, mentions
from recipes.tags import TAG_MAX, normal_tag


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("#Crème and #creme differ", ["crème", "creme"]),
        ("#Cre\u0300me, decomposed, is #CRÈME", ["crème"]),
        ("\uff03full \uff03\uff26\uff35\uff2c\uff2c", ["full"]),
        ("#straße is not #STRASSE, #ﬁsh is #fish", ["straße", "strasse", "fish"]),
        ("#हिन्दी। #தமிழ் #ไทย่ #日本語。#العَرَبِيَّة", ["हिन्दी", "தமிழ்", "ไทย่", "日本語", "العَرَبِيَّة"]),
        ("#one, #two. (#three) “#four” #five!#six", ["one", "two", "three", "four", "five", "six"]),
        ("##double #a-b #c_d #2nd #B2B", ["double", "a", "c_d", "2nd", "b2b"]),
        ("#1 #42 #_ #__1 # alone #! #👍 #½ C#major &#39; a/#b", []),
        ("https://x.y/#no http://x.y/a_(b)#no WWW.x.y/?a=b;#no x.y#no https://x.y/#a/#b", []),
        ("(https://x.y/) #yes", ["yes"]),
        (f"#{'x' * TAG_MAX} #{'y' * (TAG_MAX + 1)}", ["x" * TAG_MAX]),
        ("#again #AGAIN #again", ["again"]),
        ("#\ufdfa", [normal_tag("\ufdfa").split()[0]]),
        ("", []),
    ],
)
def test_hashtags(text: str, names: list[str]) -> None:
    assert hashtags(text) == [unicodedata.normalize("NFKC", name) for name in names]


def test_a_thousand_hashtags_are_all_found() -> None:
    assert len(hashtags(" ".join(f"#tag{number}" for number in range(1_000)))) == 1_000


@given(st.text())
def test_whatever_is_found_is_a_tags_normal_name(text: str) -> None:
    for name in hashtags(text):
        assert name == normal_tag(name)
        assert 0 < len(name) <= TAG_MAX
        assert not any(character.isspace() or character in "#,." for character in name)


@given(st.text(alphabet=st.characters(categories=["L", "Mn", "Nd"]), min_size=1, max_size=10))
def test_a_word_is_found_in_any_form_of_its_letters(word: str) -> None:
    found = hashtags(f"#a{word}")
    for form in ("NFC", "NFD", "NFKC", "NFKD"):
        assert hashtags(f"so: #a{unicodedata.normalize(form, word)} it is") == found


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("@Bob, @bob. (@ann_b) @x.y. @a+b-c @9", ["bob", "ann_b", "x.y", "a+b-c", "9"]),
        ("a@b.c @@bob @ bob https://x.y/@bob https://x.y/?u=@bob www.x.y/-@bob", []),
        ("@bob's and @bob@elsewhere.example", ["bob"]),
        ("@" + "x" * 150, ["x" * 150]),
    ],
)
def test_mentions(text: str, names: list[str]) -> None:
    assert mentions(text) == names
