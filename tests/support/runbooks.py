"""Runbooks as programs: their fenced `sh` commands, their placeholders, and whether the command line knows them."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import typer

from crossdock_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

FOLDER: Final = Path(__file__).parents[2] / "docs" / "runbooks"
SECTIONS: Final = ("Symptom", "Impact", "Check", "Steps", "It is over when", "Call somebody when", "Do not")
_FENCE: Final = re.compile(r"^( *)```sh\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_HEADING: Final = re.compile(r"^## (.+)$", re.MULTILINE)
_DECLARED: Final = re.compile(r"^\| `([A-Z_]+)` \|", re.MULTILINE)
_PLACEHOLDER: Final = re.compile(r"\b[A-Z][A-Z_]{2,}\b")


@dataclass(frozen=True)
class Runbook:
    """One page. `commands` are the lines of its `sh` blocks, in order; `placeholders` those that its table declares."""

    slug: str
    text: str

    @property
    def commands(self) -> list[str]:
        return [line.strip() for _, block in _FENCE.findall(self.text) for line in block.splitlines() if line.strip()]

    def commands_of(self, section: str) -> list[str]:
        """Those of one of its sections."""
        return Runbook(self.slug, self.sections[section]).commands

    @property
    def sections(self) -> dict[str, str]:
        """The text of each section by its heading."""
        _, *parts = _HEADING.split(self.text)
        return dict(zip(parts[::2], parts[1::2], strict=True))

    @property
    def placeholders(self) -> set[str]:
        return set(_DECLARED.findall(self.text))

    def used(self) -> set[str]:
        """The placeholders that its commands have."""
        return {found for command in self.commands for found in _PLACEHOLDER.findall(command)}


def runbook(slug: str) -> Runbook:
    """The page of this name."""
    return Runbook(slug, (FOLDER / f"{slug}.md").read_text(encoding="utf-8"))


def slugs() -> list[str]:
    """All pages but the index."""
    return sorted(page.stem for page in FOLDER.glob("*.md") if page.stem != "README")


def filled(command: str, values: Mapping[str, str]) -> list[str]:
    """The words of a command after `crossdock`, its placeholders filled in. Raises KeyError for one without value."""
    words = shlex.split(command)
    assert words[0] == "crossdock", command
    return [_PLACEHOLDER.sub(lambda found: values[found.group()], word) for word in words[1:]]


@cache
def _root() -> Any:
    return typer.main.get_command(app)


def known(command: str) -> str | None:
    """What is wrong with a `crossdock …` line by the command line's own grammar; None when nothing is.

    Only read, never run: options and arguments are looked at as the command would.
    """
    words = shlex.split(command)
    if words[:1] != ["crossdock"]:
        return f"{command!r} does not begin with crossdock"
    try:
        _resolve(_root(), words[1:])
    except Exception as problem:  # noqa: BLE001 - whatever the grammar says is the answer
        return f"{command!r}: {problem}"
    return None


def _resolve(command: Any, words: list[str]) -> None:
    with command.make_context("crossdock", list(words), resilient_parsing=False) as context:
        if not hasattr(command, "resolve_command"):
            return
        rest = [*context._protected_args, *context.args]
        _, child, left = command.resolve_command(context, rest)
        _resolve(child, left)


@dataclass
class Follower:
    """Somebody who follows a page: each command in order, by `run`, with the values of its placeholders.

    `values` may be functions: what a placeholder stands for is often known only when its command's turn comes.
    `before` maps the beginning of a command to what happens in the world before its first turn.
    """

    page: Runbook
    run: Callable[..., Any]
    values: Mapping[str, str | Callable[[], str]]
    before: Mapping[str, Callable[[], object]] = field(default_factory=dict)

    def follow(self) -> list[tuple[str, Any]]:
        """All commands of the page, as written. Each has to end well; gives back what each said."""
        said: list[tuple[str, Any]] = []
        waiting = dict(self.before)
        for command in self.page.commands:
            for beginning in [b for b in waiting if command.startswith(f"crossdock {b}")]:
                waiting.pop(beginning)()
            named = set(_PLACEHOLDER.findall(command))
            now = {n: v if isinstance(v := self.values[n], str) else v() for n in named}
            answer = self.run(*filled(command, now))
            assert answer.code == 0, (command, answer.out, answer.err)
            said.append((command, answer))
        assert not waiting, f"{self.page.slug} has no command that begins with {sorted(waiting)}"
        return said
