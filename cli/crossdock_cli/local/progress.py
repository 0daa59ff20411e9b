"""Steps with times: a running clock on a terminal, one line per finished step elsewhere, or nothing at all."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from crossdock_cli.output import errors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


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
        live = Progress(
            SpinnerColumn(),
            TextColumn("{task.description} [dim]{task.fields[detail]}[/dim]"),
            TimeElapsedColumn(),
            console=errors,
            transient=True,
            disable=self._silent or not errors.is_terminal,
        )
        with live:
            task = live.add_task(escape(title), total=None, detail="")
            yield lambda detail: live.update(task, detail=escape(detail))
        self._line(f"[green]✔[/green] {escape(title):<46} [dim]{time.monotonic() - begun:5.1f} s[/dim]")

    def note(self, text: str) -> None:
        self._line(f"  {escape(text)}")

    def _line(self, text: str) -> None:
        if not self._silent:
            errors.print(text)
