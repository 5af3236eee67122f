"""By https a page is taken from the server that the name of the address belongs to, and from no other."""

import datetime
import ipaddress
import ssl
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from core.errors import Unprocessable
from core.fetching import fetch
from tests.pages import Pages, leads_to, says

TYPES = ("text/html",)


def certificate(folder: Path) -> Path:
    """A certificate of food.example and its key, signed by itself, in a file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "food.example")])
    now = datetime.datetime.now(datetime.UTC)
    names = [x509.DNSName("food.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.2"))]
    signed = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(names), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "food.pem"
    path.write_bytes(private + signed.public_bytes(serialization.Encoding.PEM))
    return path


@pytest.fixture
def asked_for() -> list[str | None]:
    """The names that clients asked the server for (SNI)."""
    return []


@pytest.fixture
def secure(
    pages: Pages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, asked_for: list[str | None]
) -> Iterator[Pages]:
    """The server of `pages` with a certificate of food.example, which this host trusts."""
    path = certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(path)
    context.sni_callback = lambda connection, name, context: asked_for.append(name)
    # The handshake belongs to the connection's own thread.
    pages.server.socket = context.wrap_socket(pages.server.socket, server_side=True, do_handshake_on_connect=False)
    monkeypatch.setenv("SSL_CERT_FILE", str(path))
    yield pages


def refusal(url: str) -> str:
    with pytest.raises(Unprocessable) as refused:
        fetch(url, types=TYPES)
    return refused.value.code


def test_the_server_is_asked_for_the_name_and_must_have_its_certificate(
    secure: Pages, names: dict[str, list[list[str]]], asked_for: list[str | None]
) -> None:
    names["food.example"] = [["127.0.0.1"]]
    secure["/"] = says("<p>safe")
    assert fetch(secure.url(host="food.example", scheme="https"), types=TYPES).body == b"<p>safe"
    assert asked_for == ["food.example"]
    assert secure.asked[0][1]["host"] == f"food.example:{secure.port}"


def test_a_certificate_of_another_name_is_refused(secure: Pages, names: dict[str, list[list[str]]]) -> None:
    names["other.example"] = [["127.0.0.1"]]
    assert refusal(secure.url(host="other.example", scheme="https")) == "fetch_failed"
    # Nor is it good for the address by itself.
    assert refusal(secure.url(scheme="https")) == "fetch_failed"
    assert secure.asked == []


def test_a_certificate_that_nobody_vouches_for_is_refused(
    secure: Pages, names: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SSL_CERT_FILE")
    names["food.example"] = [["127.0.0.1"]]
    assert refusal(secure.url(host="food.example", scheme="https")) == "fetch_failed"
    assert secure.asked == []


def test_a_redirect_to_https_is_followed(secure: Pages, names: dict[str, list[list[str]]]) -> None:
    names["food.example"] = [["127.0.0.1"], ["127.0.0.1"]]
    secure["/"], secure["/soup"] = leads_to("/soup"), says("soup")
    found: Any = fetch(secure.url(host="food.example", scheme="https"), types=TYPES)
    assert found.url == secure.url("/soup", host="food.example", scheme="https")


def test_a_server_that_does_not_speak_tls_is_no_page(pages: Pages) -> None:
    pages["/"] = says("x")
    assert refusal(pages.url(scheme="https")) == "fetch_failed"
