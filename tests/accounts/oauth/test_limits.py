"""What apps send is limited by session where its token is ours, and as guesses are where it is not."""

from typing import Any

import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from accounts.models import Application
from tests.accounts.conftest import sign_in
from tests.accounts.oauth.conftest import exchange, refresh, tokens_for

GUESSES = 3


LIMITS = {"auth": f"{GUESSES}/min", "refresh": "2/min", "refresh_address": "100/min"}


def revoke(app: Application, token: str) -> Any:
    return APIClient().post("/o/revoke_token/", {"client_id": app.client_id, "token": token})


def test_refreshing_and_revoking_count_by_session(browser: Client, app: Application, settings: Settings) -> None:
    token, other = (tokens_for(browser, app)["refresh_token"] for _ in range(2))
    settings.THROTTLES = settings.THROTTLES | LIMITS
    while exchange(app, "guessed").status_code != 429:
        pass  # other apps of this address use up the limit of guesses
    for _ in range(2):
        answer = refresh(app, token)
        assert answer.status_code == 200
        assert answer["RateLimit-Policy"] == '"refresh";q=2;w=60, "refresh_address";q=100;w=60'
        token = answer.json()["refresh_token"]
    refused = refresh(app, token)
    assert (refused.status_code, refused.json()["error"]) == (429, "temporarily_unavailable")
    assert refresh(app, other).status_code == 200
    assert revoke(app, other).status_code == 200


@pytest.mark.parametrize("path", ["code", "refresh", "revoke"])
@pytest.mark.usefixtures("ann")
def test_what_names_no_session_of_ours_counts_as_a_guess(app: Application, settings: Settings, path: str) -> None:
    own = sign_in("ann")["refresh"]
    settings.THROTTLES = settings.THROTTLES | LIMITS
    forged = own.rpartition(".")[0] + "." + own.rpartition(".")[2][::-1]
    send = {
        # A token of one's own beside a code makes no more guesses of codes.
        "code": lambda: exchange(app, "guessed", refresh_token=own),
        "refresh": lambda: refresh(app, forged),
        "revoke": lambda: revoke(app, forged),
    }[path]
    answers = [send() for _ in range(GUESSES + 1)]
    assert [answer.status_code == 429 for answer in answers] == [False] * GUESSES + [True]
    assert {answer["RateLimit-Policy"] for answer in answers} == {f'"auth";q={GUESSES};w=60'}
