"""Pages are fetched from the public web alone, within limits of time and size."""

import gzip
import socket
import threading
import zlib
from ipaddress import ip_address
from typing import Any

import pytest

from core import fetching
from core.errors import DomainError, Unavailable, Unprocessable
from core.fetching import BYTES_MAX, Page, fetch, is_public
from tests.pages import HTML, Pages, leads_to, says

TYPES = ("text/html", "application/ld+json")
PUBLIC = ["93.184.216.34", "2606:2800:220:1::1", "64:ff9b::5db8:d822", "2002:5db8:d822::1", "::ffff:93.184.216.34"]
PRIVATE = [
    *("127.0.0.1", "127.1.2.3", "0.0.0.0", "10.0.0.1", "172.16.0.1", "192.168.1.1", "100.64.0.1", "169.254.169.254"),
    *("192.0.2.1", "198.18.0.1", "224.0.0.1", "240.0.0.1", "255.255.255.255"),
    *("::", "::1", "fe80::1", "fe80::1%eth0", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
    *("::ffff:127.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
    *("64:ff9b:1::1", "2002:7f00:1::1", "2002:a9fe:a9fe::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
]
MANNERS = [
    *("http://127.0.0.1/", "http://127.1/", "http://2130706433/", "http://0x7f000001/", "http://0x7f.0.0.1/"),
    *("http://0177.0.0.1/", "http://017700000001/", "http://0/", "http://localhost/", "http://LOCALHOST./"),
    *("http://[::1]/", "http://[::ffff:127.0.0.1]/", "http://[0:0:0:0:0:ffff:7f00:1]/", "http://[64:ff9b::7f00:1]/"),
    *("http://169.254.169.254/latest/meta-data/", "http://2852039166/", "http://[fd00:ec2::254]/"),
    *("https://127.0.0.1/", "http://\uff11\uff12\uff17.0.0.1/", "http://127\u30020\u30020\u30021/"),
    *("http://93.184.216.34:22/", "http://93.184.216.34:8000/", "http://93.184.216.34:0/", "http://x:99999/"),
    *("http://user@93.184.216.34/", "http://a:b@93.184.216.34/", "http://@93.184.216.34/"),
    *("ftp://93.184.216.34/", "file:///etc/passwd", "gopher://93.184.216.34/", "javascript:alert(1)"),
    *("", "/recipes/", "//93.184.216.34/", "http:///x", "http://", "http://[::1", "http://" + "x" * 64 + ".example/"),
    *("http://a..example/", "http://nobody.has.this.invalid/", f"http://93.184.216.34/{'x' * 2_000}"),
]  # fmt: skip


def refusal(url: str) -> str:
    """The code of the error that fetching URL ends with."""
    with pytest.raises(DomainError) as refused:
        fetch(url, types=TYPES)
    assert isinstance(refused.value, Unprocessable)
    return refused.value.code


@pytest.mark.parametrize("address", PUBLIC)
def test_an_address_of_the_internet_is_public(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize("address", PRIVATE)
def test_all_others_are_not_however_they_are_wrapped(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("url", MANNERS)
def test_what_is_no_public_page_is_refused_before_anything_is_connected(
    monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    connected: list[Any] = []
    monkeypatch.setattr(socket.socket, "connect", lambda self, address: connected.append(address))
    assert (refusal(url), connected) == ("url_refused", [])


def test_a_refusal_does_not_tell_what_is_there() -> None:
    details = set()
    for url in ("http://127.0.0.1/", "http://nobody.has.this.invalid/", "http://93.184.216.34:22/"):
        with pytest.raises(Unprocessable) as refused:
            fetch(url, types=TYPES)
        details.add(refused.value.detail)
    assert len(details) == 1


def test_a_page_comes_with_its_type_and_charset(pages: Pages) -> None:
    pages["/soup?a=%20b&c=d"] = says("<p>Hot", "Text/HTML; Charset=ISO-8859-1")
    url = pages.url("/soup?a=%20b&c=d")
    assert fetch(url, types=TYPES) == Page(url, "text/html", "iso-8859-1", b"<p>Hot")
    [(_, headers)] = pages.asked
    assert headers["host"] == f"127.0.0.1:{pages.port}"
    assert not {"cookie", "authorization", "referer"} & set(headers)


@pytest.mark.parametrize("path", ["/Kürbis suppe", "/%4b%C3%BC/?q=ü&r=%25"])
def test_an_address_may_be_written_as_people_write_it(pages: Pages, path: str) -> None:
    for asked in ("/K%C3%BCrbis%20suppe", "/%4b%C3%BC/?q=%C3%BC&r=%25"):
        pages[asked] = says("x")
    assert fetch(pages.url(path), types=TYPES).body == b"x"


def test_only_the_address_that_was_checked_is_connected_to(pages: Pages, names: dict[str, list[list[str]]]) -> None:
    """A name that resolves to something else the second time is asked once."""
    pages["/"] = says("<p>mine")
    names["food.example"] = [["127.0.0.1"], ["10.0.0.1"]]
    assert fetch(pages.url(host="food.example"), types=TYPES).body == b"<p>mine"
    assert names["food.example"] == [["10.0.0.1"]]
    assert pages.asked[0][1]["host"] == f"food.example:{pages.port}"


def test_a_name_with_one_private_address_is_refused(pages: Pages, names: dict[str, list[list[str]]]) -> None:
    names["food.example"] = [["127.0.0.1", "10.0.0.1"]]
    assert (refusal(pages.url(host="food.example")), pages.asked) == ("url_refused", [])


def test_the_next_address_is_tried_when_one_does_not_answer(
    pages: Pages, names: dict[str, list[list[str]]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pages["/"] = says("x")
    monkeypatch.setattr(fetching, "is_allowed", lambda address, port: True)
    # Nobody listens at the second address of this host.
    names["food.example"] = [["127.0.0.2", "127.0.0.1"]]
    assert fetch(pages.url(host="food.example"), types=TYPES).body == b"x"


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirects_are_followed(pages: Pages, status: int) -> None:
    pages["/"], pages["/b"], pages["/c"] = leads_to("/b", status), leads_to("c"), leads_to(pages.url("/d"))
    pages["/d"] = says("there")
    assert fetch(pages.url(), types=TYPES).url == pages.url("/d")


def test_redirects_have_an_end(pages: Pages) -> None:
    pages["/"] = leads_to("/")
    assert refusal(pages.url()) == "fetch_failed"
    assert len(pages.asked) == 4


@pytest.mark.parametrize(
    "target",
    [
        *("http://10.0.0.1/", "http://169.254.169.254/latest/", "http://[::1]/", "//127.0.0.1/", "file:///etc/passwd"),
        *("http://localhost:6379/", "http://inside.example/", "http://user@93.184.216.34/"),
    ],
)
def test_each_redirect_is_checked_as_the_first_address_is(
    pages: Pages, names: dict[str, list[list[str]]], target: str
) -> None:
    names["inside.example"] = [["192.168.1.1"]]
    pages["/"] = leads_to(target)
    assert refusal(pages.url()) == "url_refused"


def test_proxies_of_the_environment_are_not_used(pages: Pages, monkeypatch: pytest.MonkeyPatch) -> None:
    pages["/"] = says("direct")
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9/")
    assert fetch(pages.url(), types=TYPES).body == b"direct"
    assert pages.asked[0][0] == "/"


@pytest.mark.parametrize("kind", ["image/png", "application/pdf", "text/plain", "", "nonsense"])
def test_what_is_no_page_is_not_read(pages: Pages, kind: str) -> None:
    pages["/"] = says("x", kind)
    assert refusal(pages.url()) == "wrong_type"


@pytest.mark.parametrize("status", [204, 206, 304, 401, 404, 500])
def test_an_error_is_no_page(pages: Pages, status: int) -> None:
    pages["/"] = says("x", status=status)
    assert refusal(pages.url()) == "fetch_failed"


# --- size ---


def test_a_page_of_the_largest_size_is_taken_and_one_byte_more_is_not(pages: Pages) -> None:
    pages["/"], pages["/more"] = says(b"x" * BYTES_MAX), says(b"x" * (BYTES_MAX + 1))
    assert len(fetch(pages.url(), types=TYPES).body) == BYTES_MAX
    assert refusal(pages.url("/more")) == "too_large"


@pytest.mark.parametrize("pack", [gzip.compress, zlib.compress])
def test_a_packed_page_is_unpacked_and_its_size_is_that_of_the_page(pages: Pages, pack: Any) -> None:
    encoding = "gzip" if pack is gzip.compress else "deflate"
    pages["/"] = says(pack(b"<p>packed"), Content_Encoding=encoding)
    pages["/bomb"] = says(pack(b"\0" * (500 * 1024 * 1024)), Content_Encoding=encoding)
    assert fetch(pages.url(), types=TYPES).body == b"<p>packed"
    assert refusal(pages.url("/bomb")) == "too_large"


@pytest.mark.parametrize("encoding", ["gzip", "br", "gzip, gzip"])
def test_what_cannot_be_unpacked_is_no_page(pages: Pages, encoding: str) -> None:
    pages["/"] = says("this is not packed", Content_Encoding=encoding)
    assert refusal(pages.url()) == "fetch_failed"


def test_a_page_that_ends_too_early_is_none(pages: Pages) -> None:
    pages["/"] = says("<p>only half", Content_Length="100")
    pages["/packed"] = says(gzip.compress(b"<p>only half")[:-9], Content_Encoding="gzip")
    for path in ("/", "/packed"):
        assert refusal(pages.url(path)) == "fetch_failed"


def ends_with_the_connection(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", HTML)
    handler.end_headers()
    for _ in range(10):
        handler.wfile.write(b"x" * 65_536)


def test_a_page_that_does_not_say_its_size_is_read_to_its_end(pages: Pages) -> None:
    pages["/"] = ends_with_the_connection
    assert len(fetch(pages.url(), types=TYPES).body) == 655_360


def endless(handler: Any) -> None:
    handler.send_response(200)
    handler.send_header("Content-Type", HTML)
    handler.end_headers()
    while True:
        handler.wfile.write(b"x" * 65_536)


def test_a_page_without_an_end_is_too_large(pages: Pages) -> None:
    pages["/"] = endless
    assert refusal(pages.url()) == "too_large"


# --- time ---


def dripping(before: bytes, drop: bytes) -> Any:
    """Says BEFORE, then DROP again and again, slowly, as long as anybody listens."""

    def answer(handler: Any) -> None:
        handler.wfile.write(before)
        while not handler.server.pages.ended.wait(0.02):
            handler.wfile.write(drop)

    return answer


@pytest.mark.parametrize(
    ("before", "drop"),
    [
        (b"", b""),
        (b"HTTP/1.1 200 O", b"K"),
        (b"HTTP/1.1 200 OK\r\n", b"X-More: 1\r\n"),
        (b"HTTP/1.1 200 OK\r\nX-Long: ", b"x"),
        (b"HTTP/1.1 100 Continue\r\n\r\n", b"HTTP/1.1 100 Continue\r\n\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", b"x"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
        (b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", b"A: b\r\n"),
    ],
    ids=["silent", "status", "headers", "header", "continue", "body", "chunks", "trailers"],
)
def test_a_slow_page_ends_at_the_deadline_wherever_it_is_slow(
    pages: Pages, monkeypatch: pytest.MonkeyPatch, before: bytes, drop: bytes
) -> None:
    monkeypatch.setattr(fetching, "SECONDS", 0.5)
    pages.server.pages = pages  # type: ignore[attr-defined]
    pages["/"] = dripping(before, drop)
    assert refusal(pages.url()) == "fetch_failed"


def test_a_slow_look_up_ends_at_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    answered = threading.Event()

    def getaddrinfo(*args: Any, **kwargs: Any) -> Any:
        answered.wait(60)
        return []

    monkeypatch.setattr(socket, "getaddrinfo", getaddrinfo)
    monkeypatch.setattr(fetching, "SECONDS", 0.1)
    lookups = threading.BoundedSemaphore(2)
    monkeypatch.setattr(fetching, "_lookups", lookups)
    try:
        assert [refusal("http://food.example/") for _ in range(2)] == ["fetch_failed"] * 2
        # Both still run, though nobody waits for them.
        with pytest.raises(Unavailable) as busy:
            fetch("http://food.example/", types=TYPES)
        assert busy.value.code == "overloaded"
    finally:
        answered.set()
        assert all(lookups.acquire(timeout=60) for _ in range(2))


def test_nobody_listens_there(pages: Pages) -> None:
    url = pages.url()
    pages.server.server_close()
    assert refusal(url) == "fetch_failed"


# --- threads ---


def test_a_quarter_of_the_threads_fetches_and_the_next_is_told_to_come_again(pages: Pages, settings: Any) -> None:
    settings.WEB_THREADS = 8
    waiting, go = threading.Semaphore(0), threading.Event()

    def answer(handler: Any) -> None:
        waiting.release()
        go.wait(60)
        says("x")(handler)

    pages["/"], pages["/quick"] = answer, says("y")
    found: list[Page] = []
    threads = [
        threading.Thread(target=lambda: found.append(fetch(pages.url(), types=TYPES)), daemon=True) for _ in range(2)
    ]
    for thread in threads:
        thread.start()
        assert waiting.acquire(timeout=60)
    with pytest.raises(Unavailable) as busy:
        fetch(pages.url("/quick"), types=TYPES)
    assert busy.value.code == "overloaded"
    go.set()
    for thread in threads:
        thread.join(60)
    assert len(found) == 2
    assert fetch(pages.url("/quick"), types=TYPES).body == b"y"
