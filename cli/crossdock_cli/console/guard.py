"""Who may talk to the console: the browser that was given the link, from the console's own page, and nobody else.

The server listens on the loopback address, which keeps other machines out but not other pages in the same browser, nor
other people on this machine. So:

- a link works once, and is turned into a cookie that scripts cannot read and other sites' requests do not carry;
- a name that was made to point to 127.0.0.1 (DNS rebinding) is told by its Host header;
- what changes something must come from this origin, as JSON, with a header that a form cannot set.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from email.message import Message

    Headers = Message[str, str]

COMMAND_HEADER: Final = "x-crossdock-console"
HEADERS: Final = {
    # Nothing is loaded from anywhere else, nothing runs that stands in the page itself, and no text becomes markup.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'none'; base-uri 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    # What is shown is of customers and of money: it stays in no cache.
    "Cache-Control": "no-store",
}


class RefusedError(Exception):
    """Why a request is not answered: a status, what is wrong, what to do."""

    def __init__(self, status: int, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.remedy = remedy


@dataclass
class Guard:
    """The links and the sessions of one running console."""

    port: int
    _links: set[str] = field(default_factory=set)
    _sessions: set[str] = field(default_factory=set)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def origin(self) -> str:
        """The one address the console is reached by."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def cookie(self) -> str:
        """The cookie's name: cookies are shared by all ports of a machine, so the name is not."""
        return f"crossdock-console-{self.port}"

    def link(self) -> str:
        """A new address that lets one browser in, once."""
        token = secrets.token_urlsafe(32)
        with self._lock:
            self._links.add(token)
        return f"{self.origin}/enter?token={token}"

    def enter(self, token: str) -> str:
        """The Set-Cookie header for a link's token. Raises RefusedError for one that was used, or never given."""
        with self._lock:
            known = next((link for link in self._links if hmac.compare_digest(link.encode(), token.encode())), None)
            if known is None:
                raise RefusedError(401, "this link was used already", "press Enter where the console runs for another")
            self._links.discard(known)
            session = secrets.token_urlsafe(32)
            self._sessions.add(session)
        return f"{self.cookie}={session}; Path=/; HttpOnly; SameSite=Strict"

    def check_host(self, headers: Headers) -> None:
        """Raises RefusedError for a request that was sent to another name than the console's."""
        if headers.get("Host") != f"127.0.0.1:{self.port}":
            raise RefusedError(421, "this is not the console's address", f"use {self.origin}")

    def check_session(self, headers: Headers) -> None:
        """Raises RefusedError for a browser that was not let in."""
        given = _cookie(headers.get("Cookie", ""), self.cookie)
        with self._lock:
            known = any(hmac.compare_digest(session.encode(), given.encode()) for session in self._sessions)
        if not known:
            raise RefusedError(401, "this browser was not let in", "open the link that `crossdock console` printed")

    def check_command(self, headers: Headers) -> None:
        """Raises RefusedError for a change that the console's own page did not ask for."""
        site = headers.get("Sec-Fetch-Site", "same-origin")
        if headers.get("Origin") != self.origin or site != "same-origin":
            raise RefusedError(403, "this was not asked for by the console's page")
        if COMMAND_HEADER not in headers:
            raise RefusedError(403, f"a change needs the header {COMMAND_HEADER}")
        if headers.get("Content-Type", "").partition(";")[0].strip() != "application/json":
            raise RefusedError(415, "a change is JSON", "set Content-Type: application/json")

    def check_read(self, headers: Headers) -> None:
        """Raises RefusedError for data that another site's page asks for."""
        if headers.get("Sec-Fetch-Site", "same-origin") not in {"same-origin", "none"}:
            raise RefusedError(403, "this was not asked for by the console's page")


def _cookie(header: str, name: str) -> str:
    """By hand: cookies are shared by all ports of an address, and the library drops all when one of them is odd."""
    parts = (part.strip().partition("=") for part in header.split(";"))
    return next((value for found, _, value in parts if found == name), "")
