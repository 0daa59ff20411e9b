"""Requests to the outside: where they may go, and what they do with an endpoint that means ill."""

from __future__ import annotations

import ipaddress
import socket
import threading
import time
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.platform.addresses import AddressRefusedError, check_address, check_url, checked_addresses
from crossdock.platform.outbound import Http, retry_after_s

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

pytestmark = pytest.mark.unit

NOW = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)


# -- what a URL may say ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example/hooks",
        "https://shop.example:8443/hooks?x=1",
        "https://SHOP.example",
        "https://8.8.8.8/",
        "https://[2606:4700:4700::1111]/",
        "https://xn--bcher-kva.example/",
        "https://a_b.shop-1.example/",
    ],
)
def test_addresses_of_the_open_internet_are_taken(url: str) -> None:
    assert check_url(url).geturl().lower() == url.lower()


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("http://shop.example/", "https"),
        ("ftp://shop.example/", "https"),
        ("//shop.example/", "https"),
        ("shop.example/hooks", "https"),
        ("https://", "host name"),
        ("https:///hooks", "host name"),
        ("https://user@shop.example/", "user name"),
        ("https://user:pass@shop.example/", "user name"),
        ("https://shop.example@127.0.0.1/", "user name"),
        ("https://shop.example/#x", "fragment"),
        ("https://shop.example:0/", "port"),
        ("https://shop.example:/", "port"),
        ("https://shop.example:99999/", "no URL"),
        ("https://shop.example:8a/", "no URL"),
        ("https://shop.example\\@127.0.0.1/", "backslashes"),
        ("https://shop.example\t/", "blanks"),
        (" https://shop.example/", "blanks"),
        ("https://shop.example/\r\nHost: x", "blanks"),
        ("https://sh\u00f6p.example/", "punycode"),
        ("https://\u2460\u2461\u2466.0.0.1/", "punycode"),
        ("https://127.0.0.1/", "loopback"),
        ("https://2130706433/", "odd spelling"),
        ("https://0x7f000001/", "odd spelling"),
        ("https://0x7F.0.0.1/", "odd spelling"),
        ("https://017700000001/", "odd spelling"),
        ("https://0177.0.0.1/", "odd spelling"),
        ("https://127.1/", "odd spelling"),
        ("https://127.0.1/", "odd spelling"),
        ("https://127.0.0.1./", "odd spelling"),
        ("https://127.0.0.01/", "odd spelling"),
        ("https://0/", "odd spelling"),
        ("https://a.0x/", "odd spelling"),
        ("https://shop.example./", "dot at its end"),
        ("https://shop..example/", "host name"),
        ("https://%31%32%37.0.0.1/", "host name|odd spelling"),
        ("https://127.0.0.1%00.example/", "host name"),
        ("https://0.0.0.0/", "unspecified|private"),
        ("https://10.1.2.3/", "private"),
        ("https://172.16.0.1/", "private"),
        ("https://192.168.1.1/", "private"),
        ("https://169.254.169.254/latest/meta-data/", "link-local"),
        ("https://100.64.0.1/", "set apart"),
        ("https://100.100.100.200/", "set apart"),
        ("https://168.63.129.16/", "set apart"),
        ("https://192.0.0.192/", "open internet"),
        ("https://198.18.0.1/", "open internet"),
        ("https://224.0.0.1/", "multicast"),
        ("https://255.255.255.255/", "open internet"),
        ("https://[::1]/", "loopback"),
        ("https://[::]/", "unspecified"),
        ("https://[::ffff:127.0.0.1]/", "loopback"),
        ("https://[::ffff:a9fe:a9fe]/", "link-local"),
        ("https://[::127.0.0.1]/", "open internet"),
        ("https://[64:ff9b::7f00:1]/", "loopback"),
        ("https://[64:ff9b::a9fe:a9fe]/", "link-local"),
        ("https://[2002:7f00:1::]/", "open internet"),
        ("https://[2001:0:4136:e378:8000:63bf:3fff:fdd2]/", "open internet"),
        ("https://[fe80::1]/", "link-local"),
        ("https://[fe80::1%25eth0]/", "zone"),
        ("https://[fe80::1%eth0]/", "zone"),
        ("https://[fd00:ec2::254]/", "private"),
        ("https://[fec0::1]/", "open internet"),
        ("https://[ff0e::1]/", "multicast"),
        ("https://[2001:db8::1]/", "open internet"),
        ("https://[127.0.0.1]/", "no IPv6|no URL"),
        ("https://[::1/", "no URL"),
    ],
)
def test_every_other_spelling_and_address_is_refused(url: str, why: str) -> None:
    with pytest.raises(AddressRefusedError, match=why):
        check_url(url)


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:8080/x", "http://localhost:1/x", "http://[::1]/", "https://10.0.0.1/"]
)
def test_the_local_stage_may_call_this_machine_and_its_network(url: str) -> None:
    check_url(url, local=True)


@pytest.mark.parametrize("url", ["http://169.254.169.254/", "http://0.0.0.0/", "http://[fe80::1]/", "http://127.1/"])
def test_metadata_and_odd_spellings_are_refused_in_the_local_stage_too(url: str) -> None:
    with pytest.raises(AddressRefusedError):
        check_url(url, local=True)


@given(st.integers(0, 2**32 - 1))
def test_an_ipv4_address_is_judged_alike_in_its_ipv6_clothes(number: int) -> None:
    plain = ipaddress.IPv4Address(number)

    def refused(address: ipaddress.IPv4Address | ipaddress.IPv6Address) -> bool:
        try:
            check_address(address)
        except AddressRefusedError:
            return True
        return False

    for prefix in (0xFFFF << 32, 0x0064_FF9B << 96):
        assert refused(ipaddress.IPv6Address(prefix | number)) == refused(plain)
    assert not (plain.is_private or plain.is_multicast or plain.is_loopback) or refused(plain)


def test_one_closed_address_of_a_name_closes_all() -> None:
    addresses = ["8.8.8.8", "10.0.0.1"]
    assert checked_addresses("x", 443, lambda *_: addresses[:1]) == ["8.8.8.8"]

    with pytest.raises(AddressRefusedError, match=r"10\.0\.0\.1"):
        checked_addresses("x", 443, lambda *_: addresses)


# -- an endpoint of our own ------------------------------------------------------------------------------------


@contextmanager
def endpoint(answer: Callable[[socket.socket], None]) -> Iterator[tuple[int, list[str]]]:
    """A server that reads a request and leaves the rest to `answer`; gives its port and the Host headers."""
    server = socket.create_server(("127.0.0.1", 0))
    hosts: list[str] = []

    def serve() -> None:
        while True:
            try:
                client, _ = server.accept()
            except OSError:
                return
            with client:
                head = b""
                while b"\r\n\r\n" not in head and (piece := client.recv(4096)):
                    head += piece
                hosts.extend(line[6:] for line in head.decode().split("\r\n") if line.lower().startswith("host: "))
                _, _, body = head.partition(b"\r\n\r\n")
                length = next((int(n[15:]) for n in head.lower().split(b"\r\n") if n.startswith(b"content-length:")), 0)
                # What is left unread when a connection is closed resets it, and the answer may be lost.
                while len(body) < length and (piece := client.recv(4096)):
                    body += piece
                try:
                    answer(client)
                except OSError:
                    continue

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    try:
        yield server.getsockname()[1], hosts
    finally:
        server.shutdown(socket.SHUT_RDWR)
        server.close()
        thread.join(5)


def says(text: bytes) -> Callable[[socket.socket], None]:
    return lambda client: client.sendall(text)


def test_the_address_that_was_checked_is_the_one_that_is_called_and_the_name_is_looked_up_once() -> None:
    """A name whose answer changes between the look and the call would lead inside (DNS rebinding)."""
    looked_up: list[str] = []

    def resolve(host: str, _: int) -> list[str]:
        looked_up.append(host)
        return ["127.0.0.1"] if len(looked_up) == 1 else ["169.254.169.254"]

    with endpoint(says(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")) as (port, hosts):
        answer = Http(allow_plain=True, resolve=resolve).post(f"http://shop.example:{port}/x", {}, b"{}")

    assert (answer.status, answer.detail) == (204, "")
    assert (looked_up, hosts) == (["shop.example"], [f"shop.example:{port}"])


def test_a_name_that_leads_inside_is_not_called() -> None:
    with endpoint(says(b"HTTP/1.1 204 No Content\r\n\r\n")) as (port, hosts):
        http = Http(allow_plain=False, resolve=lambda *_: ["127.0.0.1"])
        answer = http.post(f"https://shop.example:{port}/x", {}, b"{}")

    assert (answer.status, hosts) == (0, [])
    assert answer.detail == (
        "the channel's URL is not called: 127.0.0.1 is not an address of the open internet (loopback)"
    )


@pytest.mark.parametrize("url", ["http://shop.example/", "https://127.0.0.1/", "https://a@shop.example/"])
def test_a_url_that_is_refused_is_not_even_looked_up(url: str) -> None:
    looked_up: list[str] = []
    http = Http(allow_plain=False, resolve=lambda host, _: looked_up.append(host) or [])

    assert http.post(url, {}, b"").status == 0
    assert looked_up == []


def test_a_redirect_is_not_followed() -> None:
    with (
        endpoint(says(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")) as (inner, inside),
        endpoint(
            says(b"HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:%d/\r\nConnection: close\r\n\r\n" % inner)
        ) as (
            port,
            _,
        ),
    ):
        answer = Http(allow_plain=True).post(f"http://127.0.0.1:{port}/x", {}, b"{}")

    assert (answer.status, inside) == (302, [])


def test_an_answer_that_comes_letter_by_letter_is_cut_off_in_its_head_and_in_its_body() -> None:
    go_on = threading.Event()

    def dribble(start: bytes) -> Callable[[socket.socket], None]:
        def answer(client: socket.socket) -> None:
            client.sendall(start)
            while not go_on.wait(0.05):
                client.sendall(b"x")

        return answer

    for start, why in (
        (b"HTTP/1.1 200 OK\r\nX: ", "the answer's head had no end"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n", "its answer had no end"),
    ):
        begun = time.monotonic()
        with endpoint(dribble(start)) as (port, _):
            answer = Http(allow_plain=True, whole_s=0.4).post(f"http://127.0.0.1:{port}/x", {}, b"{}")
            go_on.set()
        go_on.clear()
        assert answer.status == 0
        assert why in answer.detail
        assert time.monotonic() - begun < 5


def test_no_more_of_an_answer_is_read_than_anybody_needs() -> None:
    with endpoint(says(b"HTTP/1.1 200 OK\r\nContent-Length: 200000\r\n\r\n" + b"x" * 200_000)) as (port, _):
        assert len(Http(allow_plain=True).post(f"http://127.0.0.1:{port}/x", {}, b"{}").body) == 65_536


def test_nobody_there_is_an_answer_too() -> None:
    with endpoint(says(b"")) as (port, _):
        pass
    answer = Http(allow_plain=True).post(f"http://127.0.0.1:{port}/x", {}, b"{}")
    assert (answer.status, "no connection" in answer.detail) == (0, True)

    def nowhere(*_: object) -> list[str]:
        raise socket.gaierror(-2, "unknown")

    answer = Http(allow_plain=True, resolve=nowhere).post("http://shop.example/x", {}, b"{}")
    assert (answer.status, answer.detail.split(":")[0]) == (0, "NameResolutionError")


# -- Retry-After -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("0", 0),
        ("99999999999999999999", 86_400),
        ("Sat, 21 Nov 2026 08:02:00 GMT", 120),
        ("Saturday, 21-Nov-26 08:02:00 GMT", 120),
        ("Sat, 21 Nov 2026 07:00:00 GMT", 0),
        ("Sat, 21 Nov 2099 07:00:00 GMT", 86_400),
        ("", None),
        ("-5", None),
        ("1.5", None),
        ("soon", None),
        ("\u0665", None),
        ("Sat, 99 Nov 2026 08:02:00 GMT", None),
        ("Sat, 21 Nov 99999999999999999999 08:02:00 GMT", None),
        ("Sat, 21 Nov 2026 99999999999999999999:02:00 GMT", None),
        ("Sat, 21 Nov 2026 08:02:00 +99999999999999999999", None),
    ],
)
def test_retry_after_is_seconds_or_a_date(text: str, seconds: int | None) -> None:
    assert retry_after_s(text, NOW) == seconds


def test_retry_after_comes_with_the_answer() -> None:
    with endpoint(says(b"HTTP/1.1 429 Slow down\r\nRetry-After: 17\r\nContent-Length: 0\r\n\r\n")) as (port, _):
        answer = Http(allow_plain=True).post(f"http://127.0.0.1:{port}/x", {}, b"{}")

    assert (answer.status, answer.retry_after_s) == (429, 17)
