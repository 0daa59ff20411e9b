"""Which question or command an address is, and whose code answers it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import unquote

from crossdock_cli.audit.listening import step
from crossdock_cli.console.figures import Figures
from crossdock_cli.console.flow import Flow
from crossdock_cli.console.guard import RefusedError
from crossdock_cli.console.mending import Mending
from crossdock_cli.console.stories import Stories

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from crossdock_cli.target import Target

_NOTHING_THERE: Final = "there is nothing at this address"
_GROUP: Final = "/api/exceptions/([0-9a-f]{12})"
_RUN: Final = "/api/runs/([0-9a-f]{12})"
_CHANNEL: Final = "/api/channels/([a-z][a-z0-9-]{0,40})"


@dataclass
class Routes:
    """One stage, seen by one operator."""

    target: Target
    by: str

    @cached_property
    def mending(self) -> Mending:
        return Mending(self.target, self.by)

    @cached_property
    def _stories(self) -> Stories:
        return Stories(self.target, self.by)

    @cached_property
    def _flow(self) -> Flow:
        return Flow(self.target)

    @cached_property
    def _figures(self) -> Figures:
        return Figures(self.target)

    def ready(self) -> None:
        """Makes every client now, in one thread: making them is not safe in several. Raises what a bad stage raises."""
        t = self.target
        for client in (t.dynamodb, t.sqs, t.events, t.s3, t.cloudwatch, t.functions, t.secrets):
            assert client is not None  # noqa: S101 - asking for it makes it
        assert self._flow.document()  # noqa: S101 - the first question of the page, asked before the page is there

    def ask(self, path: str, query: Mapping[str, str]) -> dict[str, Any]:
        """Answers a question. Raises RefusedError for an address that is none."""
        for pattern, answer in self._questions.items():
            if found := re.fullmatch(pattern, path):
                return answer(query, *found.groups())
        raise RefusedError(404, _NOTHING_THERE)

    def do(self, path: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Carries out a command, by its own name in the audit trail. Raises RefusedError for no address."""
        for pattern, (name, about, work) in self._commands.items():
            if found := re.fullmatch(pattern, path):
                said = {**given, **dict(zip([about], found.groups(), strict=False)), "by": self.by}
                with step(self.target, f"console {name}", said):
                    return work(given, *found.groups())
        raise RefusedError(404, _NOTHING_THERE)

    @cached_property
    def _questions(self) -> dict[str, Callable[..., dict[str, Any]]]:
        return {
            "/api/stage": lambda _: {"stage": self.target.stage, "by": self.by, "local": self.target.state is not None},
            "/api/flow": lambda _: self._flow.document(),
            "/api/figures": lambda _: self._figures.document(),
            "/api/alarms": lambda _: {"alarms": self._flow.alarms()},
            "/api/exceptions": self.mending.groups,
            _GROUP: lambda _, group: self.mending.group(group),
            "/api/runs": lambda _: self.mending.runs(),
            _RUN: lambda _, run: self.mending.run(run),
            "/api/items/([^/]{1,600})": lambda _, sku: self._stories.item(unquote(sku)),
            "/api/prices": lambda q: self._stories.price(q.get("channel", ""), q.get("item", "")),
            "/api/price-places": lambda _: self._stories.price_places(),
            "/api/channels": lambda _: self._stories.channels(),
            "/api/deliveries": self._stories.deliveries,
        }

    @cached_property
    def _commands(self) -> dict[str, tuple[str, str, Callable[..., dict[str, Any]]]]:
        """What it is called, what the part of its address is, and what does it."""
        m, s = self.mending, self._stories
        return {
            f"{_GROUP}/look": ("exceptions show", "group", lambda given, group: m.look(group, given)),
            f"{_GROUP}/correct": ("exceptions correct", "group", lambda given, group: m.correct(group, given)),
            f"{_GROUP}/assign": ("exceptions assign", "group", lambda given, group: m.assign(group, given)),
            f"{_GROUP}/close": ("exceptions close", "group", lambda given, group: m.close(group, given)),
            f"{_GROUP}/preview": ("exceptions replay", "group", lambda given, group: m.preview(group, given)),
            f"{_RUN}/start": ("exceptions runs start", "run", lambda given, run: m.start(run, given)),
            f"{_RUN}/pause": ("exceptions runs pause", "run", lambda _, run: m.pause(run)),
            f"{_CHANNEL}/pause": ("channels pause", "name", lambda given, name: s.pause(name, given)),
            f"{_CHANNEL}/resume": ("channels resume", "name", lambda _, name: s.resume(name)),
            # A question, but one that is kept with its reason.
            "/api/customers": ("customers show", "customer", s.customer),
        }
