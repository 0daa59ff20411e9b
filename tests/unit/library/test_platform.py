"""Environment, deadlines, clock, secrets and outbound HTTP."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from crossdock.platform import clock, deadline, env, outbound, startup
from crossdock.platform.errors import NotConfiguredError
from crossdock.platform.outbound import Http
from crossdock.platform.secrets import Secrets
from tests.support.world import Context

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


@pytest.fixture(autouse=True)
def no_deadline() -> Iterator[None]:
    yield
    deadline.begin(None)


# -- environment -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Env:
    first_table: str
    second_table: str
    retry_cap_seconds: str = "900"


def test_a_variable_is_named_like_its_field() -> None:
    found = env.read(Env, {"FIRST_TABLE": "a", "SECOND_TABLE": "b", "OTHER": "c"})

    assert found == Env("a", "b", "900")
    assert env.read(Env, {"FIRST_TABLE": "a", "SECOND_TABLE": "b", "RETRY_CAP_SECONDS": "5"}).retry_cap_seconds == "5"


def test_every_missing_variable_is_named_with_the_function_and_the_remedy() -> None:
    with pytest.raises(env.EnvironmentIncompleteError) as caught:
        env.read(Env, {"SECOND_TABLE": "", "POWERTOOLS_SERVICE_NAME": "apply_counts"})

    assert str(caught.value) == (
        "apply_counts lacks the environment variable(s) FIRST_TABLE, SECOND_TABLE: set them under infra/stacks"
    )


# -- deadlines -------------------------------------------------------------------------------------------------


def test_without_a_deadline_a_call_may_take_its_cap() -> None:
    deadline.begin(None)

    assert deadline.remaining_seconds(cap=3) == 3


@pytest.mark.parametrize("remaining_ms", [0, 399, 400])
def test_a_call_that_could_not_be_answered_is_not_begun(remaining_ms: int) -> None:
    deadline.begin(Context(remaining_ms))

    with pytest.raises(deadline.DeadlineExceeded):
        deadline.remaining_seconds(cap=3)
    with pytest.raises(deadline.DeadlineExceeded):
        deadline.pause(1)


def test_what_is_left_bounds_a_call() -> None:
    deadline.begin(Context(1_400))

    assert 0.9 < deadline.remaining_seconds(cap=3) <= 1.0
    assert deadline.remaining_seconds(cap=0.5) == 0.5


def test_pauses_double_up_to_a_ceiling_that_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(deadline.time, "sleep", slept.append)
    monkeypatch.setattr(deadline.random, "uniform", lambda _, ceiling: ceiling)
    deadline.begin(None)

    for attempt in (1, 2, 3):
        deadline.pause(attempt)

    assert slept == [0.1, 0.2, 0.4]


# -- clock -----------------------------------------------------------------------------------------------------


def test_instants_are_texts_of_one_width_in_utc() -> None:
    east = datetime(2026, 11, 21, 10, 0, 0, 123_999, tzinfo=timezone(timedelta(hours=2)))

    assert clock.to_text(east) == "2026-11-21T08:00:00.123Z"
    assert clock.from_text("2026-11-21T10:00:00+02:00") == datetime(2026, 11, 21, 8, tzinfo=UTC)
    assert clock.from_text(clock.to_text(east)) == east.replace(microsecond=123_000)


@pytest.mark.parametrize("text", ["", "yesterday", "2026-11-21T08:00:00"])
def test_what_is_no_instant_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        clock.from_text(text)


def test_a_function_is_built_at_first_use_here_and_at_once_in_lambda(monkeypatch: pytest.MonkeyPatch) -> None:
    built: list[int] = []
    monkeypatch.delenv("AWS_LAMBDA_FUNCTION_NAME", raising=False)
    lazy = startup.warm(lambda: built.append(1))
    assert built == []
    lazy()
    lazy()
    assert built == [1]

    monkeypatch.setenv("AWS_LAMBDA_FUNCTION_NAME", "f")
    startup.warm(lambda: built.append(2))
    assert built == [1, 2]


# -- secrets ---------------------------------------------------------------------------------------------------


class SecretsClient:
    class exceptions:  # noqa: N801 - as botocore calls it
        class ResourceNotFoundException(Exception):  # noqa: N818
            pass

    def __init__(self, texts: dict[str, str]) -> None:
        self.texts = texts
        self.asked: list[str] = []

    def get_secret_value(self, SecretId: str) -> dict[str, str]:  # noqa: N803
        self.asked.append(SecretId)
        if SecretId not in self.texts:
            raise self.exceptions.ResourceNotFoundException
        return {"SecretString": self.texts[SecretId]}


def test_a_secret_is_read_once_until_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    import crossdock.platform.secrets as module

    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    client = SecretsClient({"p/wms": '{"signing_secrets":["a"]}'})
    secrets = Secrets(client, "p/")  # type: ignore[arg-type]

    assert [secrets.get("wms", "r")["signing_secrets"] for _ in range(3)] == [["a"]] * 3
    client.texts["p/wms"] = '{"signing_secrets":["b","a"]}'
    now[0] += 59
    assert secrets.get("wms", "r")["signing_secrets"] == ["a"]
    now[0] += 2
    assert secrets.get("wms", "r")["signing_secrets"] == ["b", "a"]
    assert client.asked == ["p/wms"] * 2


@pytest.mark.parametrize("texts", [{}, {"p/wms": '{"status":"unset"}'}, {"p/wms": '{"signing_secrets":[]}'}])
def test_a_secret_that_was_never_set_says_how_to_set_it_and_is_asked_for_again(texts: dict[str, str]) -> None:
    client = SecretsClient(texts)
    secrets = Secrets(client, "p/")  # type: ignore[arg-type]

    for _ in range(2):
        with pytest.raises(NotConfiguredError, match="run this"):
            secrets.get("wms", "run this")
    assert len(client.asked) == 2


# -- outbound HTTP ---------------------------------------------------------------------------------------------


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        server: Any = self.server
        body = self.rfile.read(int(self.headers["Content-Length"]))
        server.seen.append((self.path, dict(self.headers), body))
        match self.path:
            case "/moved":
                self._answer(302, b"", Location="/elsewhere")
            case "/large":
                self._answer(200, b"x" * 1_000_000)
            case "/endless":
                self.send_response(200)
                self.end_headers()
                try:
                    while not server.stopped.is_set():
                        self.wfile.write(b"x" * 65_536)
                except OSError:
                    server.hung_up.set()
            case "/drops":
                self.send_response(200)
                self.send_header("Content-Length", "65000")
                self.end_headers()
                try:
                    while not server.stopped.wait(0.02):
                        self.wfile.write(b"x")
                except OSError:
                    server.hung_up.set()
            case "/silent":
                server.stopped.wait(20)
            case _:
                self._answer(200, b'{"rejected":[]}')

    def do_PUT(self) -> None:
        self.do_POST()

    def do_PATCH(self) -> None:
        self.do_POST()

    def _answer(self, status: int, body: bytes, **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def server() -> Iterator[Any]:
    found: Any = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    found.seen, found.stopped, found.hung_up = [], threading.Event(), threading.Event()
    found.daemon_threads = True
    found.handle_error = lambda *_: None  # clients hang up on purpose here
    thread = threading.Thread(target=found.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield found
    found.stopped.set()
    found.shutdown()
    found.server_close()
    thread.join()


def address(server: Any, path: str) -> str:
    return f"http://127.0.0.1:{server.server_port}{path}"


def test_a_post_brings_the_body_and_the_headers_and_the_answer_back(server: Any) -> None:
    http = Http(allow_plain=True)

    answer = http.post(address(server, "/ok"), {"X-Test": "1"}, b"\x00\xff")

    assert (answer.status, answer.body) == (200, b'{"rejected":[]}')
    ((path, headers, body),) = server.seen
    assert (path, headers["X-Test"], body) == ("/ok", "1", b"\x00\xff")


def test_a_put_goes_the_same_way_and_an_answers_headers_are_there_in_small_letters(server: Any) -> None:
    answer = Http(allow_plain=True).put(address(server, "/moved"), {"X-Test": "1"}, b"{}")

    assert (answer.status, answer.headers["location"]) == (302, "/elsewhere")
    ((path, headers, body),) = server.seen
    assert (path, headers["X-Test"], body) == ("/moved", "1", b"{}")


def test_a_patch_goes_the_same_way(server: Any) -> None:
    answer = Http(allow_plain=True).patch(address(server, "/ok"), {"X-Test": "1"}, b"{}")

    assert answer.status == 200
    ((path, headers, body),) = server.seen
    assert (path, headers["X-Test"], body) == ("/ok", "1", b"{}")


def test_a_redirect_is_not_followed(server: Any) -> None:
    assert Http(allow_plain=True).post(address(server, "/moved"), {}, b"x").status == 302
    assert [path for path, _, _ in server.seen] == ["/moved"]


def test_no_more_of_an_answer_is_read_than_the_limit(server: Any) -> None:
    answer = Http(allow_plain=True).post(address(server, "/large"), {}, b"x")

    assert (answer.status, len(answer.body)) == (200, 65_536)


def test_an_answer_without_an_end_is_hung_up_on(server: Any) -> None:
    answer = Http(allow_plain=True).post(address(server, "/endless"), {}, b"x")

    assert (answer.status, len(answer.body)) == (200, 65_536)
    assert server.hung_up.wait(10)


def test_an_answer_that_comes_drop_by_drop_is_given_up(server: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(outbound, "_WHOLE_S", 0.2)

    answer = Http(allow_plain=True).post(address(server, "/drops"), {}, b"x")

    assert (answer.status, answer.body) == (0, b"")
    assert answer.detail.startswith("HTTP 200, but its answer had no end")
    assert server.hung_up.wait(10)


def test_a_silent_endpoint_is_given_up_when_the_invocations_time_is(server: Any) -> None:
    deadline.begin(Context(900))

    answer = Http(allow_plain=True).post(address(server, "/silent"), {}, b"x")

    assert (answer.status, answer.body) == (0, b"")
    assert answer.detail.startswith("ReadTimeoutError")


@pytest.mark.parametrize("url", ["http://127.0.0.1:1/x", "https://127.0.0.1:1/x", "https://nowhere.invalid/x"])
def test_an_endpoint_that_cannot_be_reached_is_an_answer_too(url: str) -> None:
    answer = Http(allow_plain=True).post(url, {}, b"x")

    assert answer.status == 0
    assert answer.detail


@pytest.mark.parametrize("url", ["http://shop.example/x", "ftp://shop.example/x", "shop.example", ""])
def test_only_https_is_spoken_outside_of_the_local_stage(url: str) -> None:
    answer = Http(allow_plain=False).post(url, {}, b"x")

    assert (answer.status, answer.detail) == (0, "the channel's URL is not called: it must begin with https://")
