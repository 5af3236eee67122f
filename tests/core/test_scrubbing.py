"""Nothing secret passes `scrub`, wherever in a text it stands; what operators need to read does."""

import time
import uuid

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework_simplejwt.tokens import AccessToken

from core.scrubbing import scrub

words = st.text(alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJ0123456789", min_size=6, max_size=20)
around = st.text(max_size=40)
e_mails = st.builds(lambda name, host: f"{name}@{host}.example", words, words)
random_words = st.text(
    alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-", min_size=32, max_size=90
).filter(lambda text: any(character.isupper() or character.isdigit() for character in text))


@given(before=around, mail=e_mails, after=around)
def test_no_e_mail_address_is_left(before: str, mail: str, after: str) -> None:
    for text in (f"{before} {mail} {after}", f"{before}<{mail}>{after}", f"GET /api/users/{mail.replace('@', '%40')}/"):
        assert mail.partition("@")[0] not in scrub(text).replace(before, "").replace(after, "")


@given(before=around, word=random_words, after=around)
def test_no_long_random_word_is_left(before: str, word: str, after: str) -> None:
    assert word not in scrub(f"{before} {word} {after}")


@given(user=st.integers(min_value=1), before=around)
def test_no_access_token_is_left(user: int, before: str) -> None:
    token = AccessToken()
    token["user_id"] = user
    for text in (
        f"{before}{token}",
        f"Authorization: Bearer {token}",
        f"?token={token}&x=1",
        f"{{'access': '{token}'}}",
    ):
        scrubbed = scrub(text)
        assert str(token) not in scrubbed
        assert str(token).split(".")[2] not in scrubbed


@given(
    name=st.sampled_from(["password", "new_password", "token", "Cookie", "Authorization", "SECRET_KEY", "ticket"]),
    value=words,
    form=st.sampled_from(
        ["{}={}", '"{}": "{}"', "{}: {}", "'{}': '{}'", "b'{}': b'{}'", "Key ({})=({}) exists", "{}=Bearer {}"]
    ),
)
def test_no_value_of_a_secret_name_is_left(name: str, value: str, form: str) -> None:
    assert value not in scrub(f"something {form.format(name, value)} something").replace(name, "")


def test_a_pass_phrase_goes_to_its_end() -> None:
    assert scrub("{'password': 'pears in red wine', 'role': 'seller'}") == "{'password': …, 'role': 'seller'}"


@pytest.mark.parametrize(
    "text",
    [
        "request method=GET route=recipe-list path=/api/recipes/ status=200 ms=3.1 user=42 address=2001:db8::1",
        f"job.done task=media_pipeline.process_image id={uuid.UUID(int=7)} attempt=1",
        "idempotency_keys_trimmed keys=3",
        "The token is expired",
        'File "core/handler.py", line 12, in publish_everything_that_is_due_at_once_and_tell',
        "celery@worker-default ready.",
        "orphan_deleted key=images/ab/cd.webp",
        "relay.started pid=12 position=34",
    ],
)  # fmt: skip
def test_what_people_need_to_read_stays(text: str) -> None:
    assert scrub(text) == text


def test_credentials_of_a_url_go_and_its_host_stays() -> None:
    assert scrub("cannot reach redis://ann:secret@db.example:6379/0") == "cannot reach redis://…@db.example:6379/0"


@pytest.mark.parametrize("part", ["a", "a.", "password=", "A1", "eyJ", "-", "token ", "bearer ", "%40", "@", "(", "'"])
def test_a_long_text_costs_no_more_than_its_length(part: str) -> None:
    """A hundred times the text in a hundred times the time; what grows by the square would take ten thousand."""

    def measured(length: int) -> float:
        text = (part * length)[:length]
        began = time.thread_time()
        for _ in range(3):
            scrub(text)
        return time.thread_time() - began

    short = max(measured(2_000), 0.0005)
    assert measured(200_000) < short * 100 * 20
