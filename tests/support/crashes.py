"""Dying before or after any outside call: a function may stop anywhere, and whoever sent its work sends it again.

`Killed` is no Exception, so nothing in the library can catch it by accident: the process is gone.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal

from crossdock.platform import clients
from crossdock.platform.outbound import Http

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    import pytest

    from crossdock.contracts.deliveries import HttpAnswer

Moment = Literal["before", "after"]
SERVICES: Final = ("dynamodb", "sqs", "events", "s3", "scheduler", "secretsmanager")


class Killed(BaseException):
    """The process died here."""


@dataclass
class Reaper:
    """Counts outside calls, by name; kills before or after call number `at` (from 1), or never."""

    at: int = 0
    moment: Moment = "before"
    calls: list[str] = field(default_factory=list)

    def before(self, name: str) -> None:
        self.calls.append(name)
        self._strike("before")

    def after(self) -> None:
        self._strike("after")

    def _strike(self, moment: Moment) -> None:
        if moment == self.moment and len(self.calls) == self.at:
            raise Killed(f"{moment} call {self.at}: {self.calls[-1]}")

    def post(
        self, post: Callable[[str, Mapping[str, str], bytes], HttpAnswer], method: str = "POST"
    ) -> Callable[..., HttpAnswer]:
        """A channel's endpoint, reached by a call that counts."""

        def reached(_: Http, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
            self.before(f"HTTP {method}")
            answer = post(url, headers, body)
            self.after()
            return answer

        return reached

    def get(self, get: Callable[[str, Mapping[str, str]], HttpAnswer]) -> Callable[..., HttpAnswer]:
        """The same for a question."""

        def reached(_: Http, url: str, headers: Mapping[str, str]) -> HttpAnswer:
            self.before("HTTP GET")
            answer = get(url, headers)
            self.after()
            return answer

        return reached


@contextmanager
def reaper(at: int = 0, moment: Moment = "before") -> Iterator[Reaper]:
    """Puts a reaper between the handlers' clients and the emulator."""
    found = Reaper(at, moment)

    def before(request: Any, event_name: str, **_: Any) -> None:
        found.before(event_name.removeprefix("before-send."))

    def after(**_: Any) -> None:
        found.after()

    events = [clients._client(service).meta.events for service in SERVICES]
    for emitter in events:
        emitter.register_first("before-send", before)
        emitter.register_first("response-received", after)
    try:
        yield found
    finally:
        for emitter in events:
            emitter.unregister("before-send", before)
            emitter.unregister("response-received", after)


def reach(endpoint: Any, patch: pytest.MonkeyPatch, found: Reaper | None = None) -> None:
    """Lets the handlers' HTTP reach an endpoint, through the reaper if there is one."""
    post = found.post(endpoint.post) if found else (lambda _, *args: endpoint.post(*args))
    patch.setattr(Http, "post", post)
    patch.setattr(Http, "get", found.get(endpoint.get) if found else (lambda _, *args: endpoint.get(*args)))
    if hasattr(endpoint, "patch"):
        patched = found.post(endpoint.patch, "PATCH") if found else (lambda _, *args: endpoint.patch(*args))
        patch.setattr(Http, "patch", patched)
