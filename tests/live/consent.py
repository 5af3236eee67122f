"""A person in front of the pages of OAuth, as a browser would show them: cookies, hidden fields and all."""

import re
import secrets
from html import unescape
from urllib.parse import urljoin

import httpx

from tests.live.people import PASSWORD, SECONDS, Person
from tests.stack import Stack

_FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


def register_app(stack: Stack, redirect_uri: str, *, kind: str = "public") -> str:
    """Registers an app from the command line, as staff may. Its client id."""
    client_id = f"app-{secrets.token_hex(6)}"
    stack.manage(
        *("createapplication", kind, "authorization-code", "--client-id", client_id),
        *("--name", "Pocket Kitchen", "--redirect-uris", redirect_uri),
    )
    return client_id


class Consenter:
    """Somebody whose browser an app sends to /o/authorize/. `url`: where that is, if not at the stack itself."""

    def __init__(self, person: Person, *, url: str = "") -> None:
        self._person = person
        self._url = url or person.stack.url
        self._cookies: dict[str, str] = {}

    def answer(self, address: str, *, allow: bool = True) -> str:
        """Signs in if asked to, and allows or not. Where the browser is sent then: back to the app."""
        page = self._get(address)
        if page.status_code == 302 and "/o/sign-in/" in page.headers["Location"]:
            sign_in = urljoin(address, page.headers["Location"])
            fields = {"identifier": self._person.username, "password": PASSWORD}
            back = self._submit(sign_in, self._get(sign_in), fields)
            assert back.status_code == 302, back.text
            page = self._get(urljoin(address, back.headers["Location"]))
        assert page.status_code == 200, page.text
        sent = self._submit(address, page, {"allow" if allow else "deny": "yes"})
        assert sent.status_code == 302, sent.text
        return str(sent.headers["Location"])

    def _get(self, address: str) -> httpx.Response:
        return self._kept(httpx.get(address, headers=self._headers(), timeout=SECONDS))

    def _submit(self, address: str, page: httpx.Response, fields: dict[str, str]) -> httpx.Response:
        form = page.text[page.text.index("<main") :]
        hidden = {name: unescape(value) for name, value in _FIELD.findall(form)}
        headers = {**self._headers(), "Origin": self._url}
        return self._kept(httpx.post(address, data={**hidden, **fields}, headers=headers, timeout=SECONDS))

    def _headers(self) -> dict[str, str]:
        # By hand: they are for https alone, which browsers do not ask of the loopback.
        return {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}

    def _kept(self, response: httpx.Response) -> httpx.Response:
        for header in response.headers.get_list("set-cookie"):
            name, _, value = header.partition(";")[0].partition("=")
            self._cookies[name] = value
        return response
