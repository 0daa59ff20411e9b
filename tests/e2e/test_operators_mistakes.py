"""What an operator types wrongly is answered in one line with a remedy, and changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.system import movement, wms_code

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.system import System

GROUP = "<the group>"


@pytest.fixture(scope="module")
def group(system: System) -> str:
    """An open exception to go wrong on."""
    system.send(movement("opr-1", "OPR-UNKNOWN", 3))
    return str(system.exception("unknown_item", f"item/{wms_code('OPR-UNKNOWN')}")["id"])


@pytest.mark.parametrize(
    ("arguments", "message", "remedy"),
    [
        (["exceptions", "show", "nonsense"], "there is no exception 'nonsense'", "see: crossdock exceptions list"),
        (["exceptions", "replay", "nonsense"], "there is no exception 'nonsense'", "see: crossdock exceptions list"),
        (
            ["exceptions", "close", "nonsense", "--why", "x"],
            "there is no exception 'nonsense'",
            "see: crossdock exceptions list",
        ),
        (
            ["exceptions", "replay", GROUP, "--occurrence", "nonsense"],
            "'<the group>' has no occurrence 'nonsense'",
            "see: crossdock exceptions show <the group>",
        ),
        (
            ["exceptions", "correct", GROUP, "--why", "x"],
            "nothing to correct was given",
            "give --set FIELD=VALUE, or --patch FILE",
        ),
        (
            ["exceptions", "correct", GROUP, "--why", "x", "--set", "item"],
            "--set item: no FIELD=VALUE",
            "for example --set item=85123A",
        ),
        (
            ["exceptions", "correct", GROUP, "--why", "x", "--set", "quantity=3"],
            "the patch changes nothing; nothing was stored",
            "",
        ),
        (["xref", "find", "wms", "nonsense"], "wms 'nonsense' is not known", "crossdock xref add wms 'nonsense' SKU"),
        (["xref", "show", "OPR-NONE"], "no system knows an item 'OPR-NONE'", "crossdock xref add SYSTEM CODE SKU"),
        (["partners", "remove", "nobody"], "there is no partner 'nobody'", "see: crossdock partners list"),
        (
            ["partners", "add", "x", "--scope", "everything"],
            "unknown scope everything",
            "the scopes are inventory:read, inventory:write, inventory:allocate, reservations:read, reservations:write",
        ),
        (
            ["partners", "add", "x", "--scope", "inventory:read", "--source", "pos"],
            "unknown source pos",
            "crm, erp, webshop, wms",
        ),
        (["sources", "rotate", "pos"], "stage local has no source 'pos'", "known here: crm, erp, webshop, wms"),
        (
            ["channels", "set", "webshop", "--url", "ftp://shop"],
            "'ftp://shop' is not an address deliveries can go to: it must begin with https:// or http://",
            "give a full http or https URL of a host on the open internet",
        ),
        (["trace", "two words"], "'two words' cannot be a correlation id", "copy it from an answer or an exception"),
    ],
)
def test_a_mistake_is_one_line_and_a_remedy(
    system: System, group: str, arguments: list[str], message: str, remedy: str
) -> None:
    before = system.at_rest()

    said = system.crossdock(*(group if a == GROUP else a for a in arguments))

    lines = said.err.splitlines()
    assert (said.code, said.out) == (1, "")
    assert lines[0] == f"crossdock: {message.replace(GROUP, group)}"
    assert remedy.replace(GROUP, group) in (lines[1] if len(lines) > 1 else "")
    assert len(lines) <= 2
    assert system.dump() == before


@pytest.mark.parametrize(
    "content",
    ["not JSON", '{"op": "add"}', '[{"op": "add"}]', '[{"op": "fly", "path": "/a"}]', '["add"]', "5"],
)
def test_a_patch_that_is_none_is_one_line(system: System, group: str, tmp_path: Path, content: str) -> None:
    file = tmp_path / "patch.json"
    file.write_text(content)

    said = system.crossdock("exceptions", "correct", group, "--patch", str(file), "--why", "x")

    assert (said.code, said.out) == (1, "")
    assert said.err.startswith("crossdock: ")
    assert "Traceback" not in said.err
    assert system.crossdock("exceptions", "show", group, "--json").document["history"] == []


def test_an_exception_that_was_closed_is_closed_only_once(system: System) -> None:
    system.send(movement("opr-2", "OPR-CLOSED", 3))
    group = system.exception("unknown_item", f"item/{wms_code('OPR-CLOSED')}")["id"]
    [fact] = system.crossdock("exceptions", "show", group, "--json").document["occurrences"]
    system.crossdock("exceptions", "close", group, "--why", "no goods")

    again = system.crossdock("exceptions", "close", group, "--why", "no goods", "--json")
    replayed = system.crossdock("exceptions", "replay", group, "--occurrence", fact["id"])

    assert again.document == {"closed": 0}
    assert (replayed.code, replayed.err.splitlines()[0]) == (1, f"crossdock: {fact['id']} is closed, not open")
