"""docs/partners.md: the rule of every endpoint that creates something, every reason of a refusal, every command."""

from __future__ import annotations

import re
from pathlib import Path
from typing import get_args

import pytest
from typer.main import get_command

from crossdock.identity import callers
from crossdock.identity.tokens import Why
from crossdock_cli import partners
from infra.documents.endpoints import served

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "partners.md").read_text(encoding="utf-8")


def test_the_page_says_of_every_post_how_it_is_sent_again() -> None:
    table = PAGE[PAGE.index("### Sending again") : PAGE.index("### Pages")]
    said = set(re.findall(r"`(POST [^`]+)`", table))
    assert said == {e.route for _, e in served() if e.method == "POST" and e.keyed}


@pytest.mark.parametrize(("_", "endpoint"), [pytest.param(*one, id=one[1].route) for one in served()])
def test_what_the_page_says_of_keys_is_what_is_described(_: str, endpoint) -> None:
    (row,) = [line for line in PAGE.splitlines() if line.startswith(f"| `{endpoint.route}`")] or [""]
    if endpoint.idempotency:
        assert "`Idempotency-Key`" in row
        assert ("| 400 |" in row) is (endpoint.idempotency == "required")
    else:
        assert "Idempotency-Key" not in row


def test_the_page_names_every_reason_for_a_401() -> None:
    source = (ROOT / "layers/crossdock/python/crossdock/identity/callers.py").read_text(encoding="utf-8")
    assert callers.__file__ is not None
    own = set(re.findall(r'RefusedError\("([a-z-]+)"\)', source))
    ends = set(re.findall(r'RefusedError\(f"\{kind\}-([a-z]+)"\)', source))
    of_kinds = {f"{kind}-{end}" for kind in ("key", "client") for end in ends}
    reasons = own | of_kinds | set(get_args(Why))
    assert len(reasons) == 14
    assert {r for r in reasons if f"`{r}`" not in PAGE} == set()


def test_every_command_of_the_page_is_one() -> None:
    known = get_command(partners.app)
    for name, rest in re.findall(r"crossdock --stage prod partners ([a-z]+)(.*)", PAGE):
        command = known.commands[name]  # type: ignore[attr-defined]
        options = {o for p in command.params for o in p.opts}
        assert set(re.findall(r"(--[a-z-]+)", rest.split("#")[0])) <= options, (name, rest)
