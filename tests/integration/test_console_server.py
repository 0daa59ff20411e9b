"""The console answers the browser that was let in, from its own page, and nobody else; by plain HTTP."""

from __future__ import annotations

import http.client
import json
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from crossdock_cli.console.server import Server
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.integration


@dataclass
class Told:
    """Stands in for a stage: keeps what was asked and done."""

    asked: list[str] = field(default_factory=list)
    done: list[tuple[str, Any]] = field(default_factory=list)

    def ask(self, path: str, query: dict[str, str]) -> dict[str, Any]:
        self.asked.append(path)
        return {"path": path, **query}

    def do(self, path: str, given: dict[str, Any]) -> dict[str, Any]:
        if path == "/api/refused":
            raise CliError("it is closed", "look again")
        self.done.append((path, given))
        return {"done": path}


@dataclass
class Browser:
    """A browser as far as headers go."""

    server: Server
    told: Told
    cookie: str = ""

    def get(self, path: str, **headers: str) -> http.client.HTTPResponse:
        return self._send("GET", path, None, self._given(headers))

    def post(self, path: str, body: Any = None, **headers: str) -> http.client.HTTPResponse:
        usual = {
            "origin": self.server.guard.origin,
            "content-type": "application/json",
            "x-crossdock-console": "1",
            "sec-fetch-site": "same-origin",
        }
        raw = body if isinstance(body, bytes) else json.dumps(body or {}).encode()
        return self._send("POST", path, raw, self._given({**usual, **headers}))

    def _given(self, headers: dict[str, str]) -> dict[str, str]:
        named = {"cookie": self.cookie, **{name.replace("_", "-"): value for name, value in headers.items()}}
        return {name: value for name, value in named.items() if value}

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str]) -> http.client.HTTPResponse:
        connection = http.client.HTTPConnection("127.0.0.1", self.server.guard.port, timeout=10)
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        answer.text = answer.read().decode()  # type: ignore[attr-defined]
        connection.close()
        return answer


@pytest.fixture
def browser() -> Iterator[Browser]:
    told = Told()
    with Server(0, told) as server:  # type: ignore[arg-type]
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        let_in = Browser(server, told)
        answer = let_in.get(server.guard.link().partition(str(server.guard.port))[2])
        let_in.cookie = str(answer.headers["Set-Cookie"]).partition(";")[0]
        yield let_in
        server.shutdown()


def test_a_link_lets_one_browser_in_once(browser: Browser) -> None:
    link = browser.server.guard.link().partition(str(browser.server.guard.port))[2]

    first, second = browser.get(link), browser.get(link)

    assert (first.status, first.headers["Location"]) == (303, "/")
    cookie = str(first.headers["Set-Cookie"])
    assert cookie.startswith(f"crossdock-console-{browser.server.guard.port}=")
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict")
    assert (second.status, second.headers["Set-Cookie"]) == (401, None)


@pytest.mark.parametrize("cookie", ["", "crossdock-console-1=x", "\x01=;", "other=1"])
def test_who_was_not_let_in_learns_and_does_nothing(browser: Browser, cookie: str) -> None:
    stranger = Browser(browser.server, browser.told, cookie)

    statuses = [stranger.get("/api/exceptions").status, stranger.get("/runbooks/replay").status]
    statuses.append(stranger.post("/api/exceptions/3f9c1a20be77/close", {"why": "x"}).status)

    assert statuses == [401, 401, 401]
    assert (browser.told.asked, browser.told.done) == ([], [])


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example:80", "127.0.0.1", "127.0.0.1:1", "0.0.0.0"])  # noqa: S104
def test_a_name_that_was_made_to_point_here_is_refused(browser: Browser, host: str) -> None:
    assert browser.get("/api/stage", host=host).status == 421
    assert browser.post("/api/runs/3f9c1a20be77/start", host=host).status == 421
    assert (browser.told.asked, browser.told.done) == ([], [])


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"origin": ""}, 403),
        ({"origin": "http://localhost:1"}, 403),
        ({"sec_fetch_site": "cross-site"}, 403),
        ({"sec_fetch_site": "same-site"}, 403),
        ({"x_crossdock_console": ""}, 403),
        ({"content_type": "text/plain"}, 415),
        ({"content_type": "application/x-www-form-urlencoded"}, 415),
    ],
)
def test_what_another_page_sends_with_the_cookie_changes_nothing(
    browser: Browser, headers: dict[str, str], status: int
) -> None:
    usual = {"x_crossdock_console": "1"} | {"content_type": "application/json"}
    renamed = {name.replace("_", "-"): value for name, value in {**usual, **headers}.items()}

    assert browser.post("/api/exceptions/3f9c1a20be77/close", {"why": "x"}, **renamed).status == status
    assert browser.told.done == []


def test_another_page_may_not_read_either(browser: Browser) -> None:
    answer = browser.get("/api/exceptions", sec_fetch_site="cross-site")

    assert (answer.status, answer.headers["Access-Control-Allow-Origin"]) == (403, None)
    assert browser.told.asked == []


def test_its_own_page_asks_and_commands(browser: Browser) -> None:
    asked, done = browser.get("/api/exceptions?state=open"), browser.post("/api/channels/webshop/resume", {"why": "x"})

    assert (asked.status, done.status) == (200, 200)
    assert json.loads(asked.text) == {"path": "/api/exceptions", "state": "open"}  # type: ignore[attr-defined]
    assert browser.told.done == [("/api/channels/webshop/resume", {"why": "x"})]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b"\xff"])
def test_a_body_that_is_no_object_is_refused(browser: Browser, body: bytes) -> None:
    assert browser.post("/api/runs/3f9c1a20be77/start", body or b" ").status == 400
    assert browser.told.done == []


def test_a_body_that_is_too_large_is_not_read(browser: Browser) -> None:
    assert browser.post("/api/runs/3f9c1a20be77/start", content_length="1000001").status == 413


@pytest.mark.parametrize("path", ["/", "/main.js", "/views/overview.js", "/base.css", "/api/stage", "/nothing"])
def test_every_answer_bears_the_policy_and_stays_in_no_cache(browser: Browser, path: str) -> None:
    headers = browser.get(path).headers

    policy = dict(part.strip().split(" ", 1) for part in headers["Content-Security-Policy"].split(";"))
    assert (policy["default-src"], policy["script-src"], policy["style-src"]) == ("'none'", "'self'", "'self'")
    assert (policy["frame-ancestors"], policy["base-uri"], policy["form-action"]) == ("'none'", "'none'", "'none'")
    assert (policy["require-trusted-types-for"], policy["trusted-types"]) == ("'script'", "'none'")
    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["X-Frame-Options"] == "DENY"


@pytest.mark.parametrize(
    "path", ["/../guard.py", "/views/../../guard.py", "/%2e%2e/guard.py", "/index.html", "/static/"]
)
def test_nothing_but_the_page_lies_behind_its_addresses(browser: Browser, path: str) -> None:
    stranger = Browser(browser.server, browser.told)

    assert stranger.get(path).status == 401  # taken for a question, which a stranger may not ask


def test_what_the_page_loads_is_its_own_and_stands_in_files(browser: Browser) -> None:
    text = browser.get("/").text  # type: ignore[attr-defined]

    assert "://" not in text
    assert "style=" not in text
    assert "onclick" not in text
    assert text.count("<script") == text.count('<script type="module" src="/main.js"></script>') == 1


def test_a_refusal_says_what_is_wrong_and_what_to_do(browser: Browser) -> None:
    answer = browser.post("/api/refused")

    assert (answer.status, json.loads(answer.text)) == (409, {"problem": "it is closed", "remedy": "look again"})  # type: ignore[attr-defined]


def test_a_port_that_is_taken_is_said(browser: Browser) -> None:
    with pytest.raises(CliError, match="cannot be used"):
        Server(browser.server.guard.port, browser.told)  # type: ignore[arg-type]
