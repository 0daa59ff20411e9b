"""The console's server: files of the page, and questions and commands as JSON. One thread a request, loopback only."""

from __future__ import annotations

import json
import mimetypes
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

from botocore.exceptions import BotoCoreError, ClientError

from crossdock.platform.errors import CrossdockError
from crossdock_cli.console.guard import HEADERS, Guard, RefusedError
from crossdock_cli.console.runbooks import runbook_page
from crossdock_cli.errors import CliError, from_aws

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossdock_cli.console.routes import Routes

_MOST_BYTES: Final = 1_000_000
_PAGE: Final = files("crossdock_cli.console") / "page"
# Named one by one: a path of a request never becomes a path of a file.
_FILES: Final = {f"/{path.name}": path for path in _PAGE.iterdir() if path.is_file() and path.name != "index.html"} | {
    f"/views/{path.name}": path for path in (_PAGE / "views").iterdir()
}
_INDEX: Final = _PAGE / "index.html"


class Server(ThreadingHTTPServer):
    """Serves one stage's console on 127.0.0.1."""

    daemon_threads = True

    def __init__(self, port: int, routes: Routes) -> None:
        """`port` 0 is any that is free. Raises CliError for one that is taken."""
        try:
            super().__init__(("127.0.0.1", port), Handler)
        except OSError as exc:
            raise CliError(f"port {port} cannot be used: {exc.strerror}", "give another: --port 0") from exc
        self.guard = Guard(self.server_address[1])
        self.routes = routes


class Handler(BaseHTTPRequestHandler):
    """One request: judged first, answered after."""

    server: Server
    protocol_version = "HTTP/1.1"
    server_version = "crossdock"
    sys_version = ""
    timeout = 30

    def do_GET(self) -> None:
        """Pages, files and questions."""
        self._answer(self._get)

    def do_POST(self) -> None:
        """Commands."""
        self._answer(self._post)

    def _answer(self, work: Any) -> None:
        try:
            self.server.guard.check_host(self.headers)
            work(urlsplit(self.path))
        except RefusedError as exc:
            self._problem(exc.status, exc.message, exc.remedy)
        except CliError as exc:
            self._problem(HTTPStatus.CONFLICT, exc.message, exc.remedy)
        except (ClientError, BotoCoreError) as exc:
            said = from_aws(exc)
            self._problem(HTTPStatus.BAD_GATEWAY, said.message, said.remedy)
        except CrossdockError as exc:
            self._problem(HTTPStatus.CONFLICT, str(exc), "")
        except (BrokenPipeError, ConnectionResetError):
            self.close_connection = True  # the browser went on to another view

    def _get(self, url: Any) -> None:
        guard, path = self.server.guard, url.path
        if path == "/enter":
            cookie = guard.enter(_one(parse_qs(url.query), "token"))
            self._send(HTTPStatus.SEE_OTHER, b"", "text/plain", {"Location": "/", "Set-Cookie": cookie})
            return
        if path in _FILES:
            kind = mimetypes.guess_type(path)[0] or "application/octet-stream"
            self._send(HTTPStatus.OK, _FILES[path].read_bytes(), f"{kind}; charset=utf-8")
            return
        if path == "/":  # holds nothing of the stage: what it shows, it asks for
            self._send(HTTPStatus.OK, _INDEX.read_bytes(), "text/html; charset=utf-8")
            return
        guard.check_session(self.headers)
        guard.check_read(self.headers)
        if path.startswith("/runbooks/"):
            self._send(HTTPStatus.OK, runbook_page(path.removeprefix("/runbooks/")), "text/html; charset=utf-8")
            return
        query = {name: values[-1] for name, values in parse_qs(url.query).items()}
        self._json(HTTPStatus.OK, self.server.routes.ask(path, query))

    def _post(self, url: Any) -> None:
        # The body is read before anything is refused: what is left of it would be taken for the next request.
        body = self._body()
        self.server.guard.check_session(self.headers)
        self.server.guard.check_command(self.headers)
        try:
            document = json.loads(body)
        except ValueError as exc:
            raise RefusedError(400, f"the body is no JSON: {exc}") from exc
        if not isinstance(document, dict):
            raise RefusedError(400, "the body is no JSON object")
        self._json(HTTPStatus.OK, self.server.routes.do(url.path, document))

    def _body(self) -> bytes:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > _MOST_BYTES:
            self.close_connection = True
            raise RefusedError(413, "a body of at most 1 MB, with its length, is taken")
        return self.rfile.read(int(length))

    def _problem(self, status: int, message: str, remedy: str) -> None:
        if "application/json" not in self.headers.get("Accept", "") and self.command == "GET":
            text = f"{message}\n{remedy}\n".encode()
            self._send(status, text, "text/plain; charset=utf-8")
            return
        self._json(status, {"problem": message, "remedy": remedy})

    def _json(self, status: int, document: Any) -> None:
        text = json.dumps(document, default=str, ensure_ascii=False)
        self._send(status, text.encode("utf-8", "backslashreplace"), "application/json; charset=utf-8")

    def _send(self, status: int, body: bytes, kind: str, more: Mapping[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {**HEADERS, "Content-Type": kind, "Content-Length": str(len(body)), **(more or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - the base class names it so
        """Nothing: what a page asks every few seconds is no news, and the terminal is the operator's."""


def _one(query: Mapping[str, list[str]], name: str) -> str:
    return query.get(name, [""])[-1]
