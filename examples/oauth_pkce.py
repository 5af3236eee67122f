"""An app that acts for somebody without their password: python oauth_pkce.py <client id>

It is a public client on the person's own device: OAuth 2 with PKCE, and a redirect to the loopback address on whatever
port is free (RFC 8252). Staff register it in the admin, or by

    manage.py createapplication public authorization-code --name "My app" --redirect-uris http://127.0.0.1/back
"""

import base64
import hashlib
import http.server
import json
import os
import secrets
import sys
import urllib.error
import urllib.parse
import urllib.request
import webbrowser
from typing import Any

URL = os.environ.get("SIMMER_URL", "http://localhost:8000")
SCOPE = "read write"


class Refused(Exception):
    """The person, or the server, does not want it."""


class Redirect(http.server.BaseHTTPRequestHandler):
    """Takes the one request that the browser is sent here with."""

    server: "Listener"

    def do_GET(self) -> None:
        path, _, query = self.path.partition("?")
        if path != "/back":  # browsers ask for an icon, too
            self.send_error(404)
            return
        self.server.answer = dict(urllib.parse.parse_qsl(query))
        self.send_response(200)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.end_headers()
        self.wfile.write(b"That is all. You can close this window.")

    def log_message(self, format: str, *args: Any) -> None:
        """The address holds the code: nothing of it is written anywhere."""


class Listener(http.server.HTTPServer):
    answer: dict[str, str] | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Redirect)
        self.redirect_uri = f"http://127.0.0.1:{self.server_port}/back"

    def wait(self) -> dict[str, str]:
        while self.answer is None:
            self.handle_request()
        return self.answer


def allowed(client_id: str) -> dict[str, Any]:
    """The tokens of a person who says yes in the browser."""
    verifier, state = secrets.token_urlsafe(48), secrets.token_urlsafe(16)
    digest = hashlib.sha256(verifier.encode()).digest()
    with Listener() as listener:
        question = {
            "response_type": "code",
            "client_id": client_id,
            "redirect_uri": listener.redirect_uri,
            "scope": SCOPE,
            "state": state,
            "code_challenge": base64.urlsafe_b64encode(digest).rstrip(b"=").decode(),
            "code_challenge_method": "S256",
        }
        address = f"{URL}/o/authorize/?{urllib.parse.urlencode(question)}"
        print(f"opening {address}", flush=True)
        webbrowser.open(address)
        answer = listener.wait()
    # Another site may have sent the browser here, with a code of its own.
    if answer.get("state") != state:
        raise Refused("an answer to somebody else's question")
    if "code" not in answer:
        raise Refused(answer.get("error", "no code"))
    redeemed = {"code": answer["code"], "redirect_uri": listener.redirect_uri, "code_verifier": verifier}
    return post("/o/token/", {"grant_type": "authorization_code", "client_id": client_id, **redeemed})


def post(path: str, form: dict[str, str]) -> Any:
    return send(urllib.request.Request(URL + path, urllib.parse.urlencode(form).encode()))


def get(path: str, access: str) -> Any:
    return send(urllib.request.Request(URL + path, headers={"Authorization": f"Bearer {access}"}))


def send(request: urllib.request.Request) -> Any:
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            body = answer.read()
    except urllib.error.HTTPError as error:
        raise Refused(f"{error.code} {error.read().decode()}") from error
    return json.loads(body) if body else None


def main(client_id: str) -> None:
    tokens = allowed(client_id)
    print(f"allowed: {tokens['scope']}", flush=True)
    print(f"acting for {get('/api/me/', tokens['access_token'])['username']}", flush=True)
    # Access tokens live for minutes. Each refresh token works once: keep the one that comes with the answer.
    refreshed = {"grant_type": "refresh_token", "client_id": client_id, "refresh_token": tokens["refresh_token"]}
    tokens = post("/o/token/", refreshed)
    print(f"still acting for {get('/api/me/', tokens['access_token'])['username']}", flush=True)
    # What is not needed any more is given back. Until then the person sees it under /o/apps/.
    post("/o/revoke_token/", {"client_id": client_id, "token": tokens["refresh_token"]})
    print("given back", flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    try:
        main(sys.argv[1])
    except Refused as error:
        sys.exit(f"refused: {error}")
