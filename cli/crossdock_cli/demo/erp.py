"""An ERP's side of the wire: its own HTTP interface for customers, which can be made ill, for the demo and the tests.

It makes an account for every POST, as an ERP does that knows no idempotency keys: who posts twice has two accounts.
"""

from __future__ import annotations

import json
import threading
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final, Self
from urllib.parse import parse_qs, unquote, urlsplit

if TYPE_CHECKING:
    from types import TracebackType

TOKEN: Final = "erp-token-of-a-demo"  # noqa: S105 - of an ERP that is played here


@dataclass
class Erp:
    """Accounts by number, what was asked of it in order, and how the next POSTs fail."""

    accounts: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def fail(self, *how: str) -> None:
        """The next POSTs answer 503, one after the other: `before` they made an account, or `after` it."""
        with self._lock:
            self.failures += how

    def of(self, customer: str) -> list[str]:
        """The accounts that were made for a customer."""
        with self._lock:
            return [number for number, told in self.accounts.items() if told["customer"] == customer]

    def answer(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        """What it answers."""
        url = urlsplit(path)
        with self._lock:
            self.asked.append(method)
            if method == "GET":
                (customer,) = parse_qs(url.query)["customer"]
                found = [n for n, told in self.accounts.items() if told["customer"] == customer]
                return 200, {"accounts": [{"account": n} for n in found]}
            if method == "PUT":
                number = unquote(url.path.rpartition("/")[2])
                if number not in self.accounts:
                    return 404, {}
                self.accounts[number] = body
                return 200, {"account": number}
            how = self.failures.pop(0) if self.failures else ""
            if how == "before":
                return 503, {}
            number = str(4711 + len(self.accounts))
            self.accounts[number] = body
            return (503, {}) if how == "after" else (201, {"account": number})


class ErpServer:
    """The interface on a port of this machine."""

    def __init__(self) -> None:
        self.erp = Erp()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self.erp))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}/erp"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()


def _handler(erp: Erp) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _serve(self) -> None:
            raw = self.rfile.read(int(self.headers.get("content-length") or 0))
            allowed = self.headers.get("authorization") == f"Bearer {TOKEN}"
            status, document = erp.answer(self.command, self.path, json.loads(raw or b"{}")) if allowed else (401, {})
            body = json.dumps(document).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PUT = _serve  # noqa: N815 - the base class calls them so

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class calls it so
            """Says nothing: what was asked is kept."""

    return Handler
