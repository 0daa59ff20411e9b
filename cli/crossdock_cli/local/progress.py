"""Steps with times: a spinner on a terminal, one line per finished step elsewhere, nothing when asked for silence."""

from __future__ import annotations

import time
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING

from rich.markup import escape

from crossdock_cli.output import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from rich.status import Status


class Steps:
    """Reports what is being done, on standard error."""

    def __init__(self, *, silent: bool = False) -> None:
        self._silent = silent
        self._begun = time.monotonic()

    @property
    def seconds(self) -> float:
        return time.monotonic() - self._begun

    @contextmanager
    def step(self, title: str) -> Iterator[Callable[[str], None]]:
        """Yields a function that shows a detail of the running step (a stack's name, say)."""
        begun = time.monotonic()
        spinner = self._spinner(title)
        with spinner or nullcontext():
            yield _detail(spinner, title)
        self._line(f"[green]✔[/green] {escape(title):<46} [dim]{time.monotonic() - begun:5.1f} s[/dim]")

    def note(self, text: str) -> None:
        self._line(f"  {escape(text)}")

    def _spinner(self, title: str) -> Status | None:
        if self._silent or not errors.is_terminal:
            return None
        return errors.status(escape(title))

    def _line(self, text: str) -> None:
        if not self._silent:
            errors.print(text)


def _detail(spinner: Status | None, title: str) -> Callable[[str], None]:
    def show(text: str) -> None:
        if spinner is not None:
            spinner.update(f"{escape(title)} [dim]{escape(text)}[/dim]")

    return show
