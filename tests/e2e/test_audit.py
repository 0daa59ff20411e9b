"""Whatever an operator changes on the deployed system stands in the audit trail; whatever he reads does not."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from tests.support.system import movement

if TYPE_CHECKING:
    from tests.support.system import System


def listed(system: System) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = system.crossdock("audit", "list", "--json").document
    return found


def test_every_kind_of_change_leaves_who_what_when_and_how_it_ended(system: System) -> None:
    system.knows("AUD-A")
    system.send(movement("aud-1", "AUD-A", 10))
    system.until("the item is there", lambda: system.on_hand("AUD-A") == 10)
    before = len(listed(system))
    commands: list[tuple[str, ...]] = [
        ("partners", "add", "audited", "--scope", "inventory:read", "--source", "wms"),
        ("partners", "rotate", "audited", "--overlap-hours", "1"),
        ("partners", "disable", "audited"),
        ("partners", "enable", "audited"),
        ("partners", "remove", "audited"),
        ("channels", "pause", "marketplace", "--why", "stocktaking"),
        ("channels", "resume", "marketplace"),
        ("quotes", "rotate"),
        ("xref", "add", "erp", "AUD-CODE", "AUD-A"),
        ("inventory", "allocate", "AUD-A", "MAIN", "--channel", "webshop", "-q", "2"),
        ("inventory", "hot", "promote", "AUD-A", "MAIN"),
        ("inventory", "hot", "demote", "AUD-A", "MAIN"),
        ("reconcile", "stock", "--source", "wms"),
    ]
    secrets = []
    for command in commands:
        said = system.crossdock(*command, "--json")
        secrets += [v for v in _texts(_read(said.out)) if len(v) > 30]
        (newest, *_) = listed(system)
        name = " ".join(word for word in command if not word.startswith("-"))
        assert name.startswith(newest["command"]), (command, newest, said.err)
        assert (newest["code"], newest["stage"]) == (said.code, "local"), (command, said.err)
        assert newest["changes"], command
        assert newest["by"].startswith("arn:aws:")
    trail = listed(system)
    assert len(trail) == before + len(commands)
    assert next(r["why"] for r in trail if r["command"] == "channels pause") == "stocktaking"
    assert next(r["given"] for r in trail if r["command"] == "partners rotate") == {
        "name": "audited",
        "overlap_hours": 1,
    }
    whole = json.dumps(system.rows("audit"))
    assert [secret for secret in secrets if secret in whole] == []
    assert system.crossdock("audit", "verify", "--json").document["whole"] is True


def test_reading_and_what_is_refused_leave_nothing(system: System) -> None:
    before = system.rows("audit")
    for command in (
        ("partners", "list"),
        ("channels", "status"),
        ("inventory", "rebuild", "NOBODY-KNOWS"),
        ("exceptions", "list"),
        ("inventory", "show", "NOBODY-KNOWS"),
        ("partners", "remove", "nobody"),
        ("partners", "add", "wrong", "--scope", "everything"),
        ("channels", "set", "webshop", "--url", "ftp://nowhere"),
        ("audit", "verify"),
    ):
        system.crossdock(*command)
    assert system.rows("audit") == before


def test_a_seal_that_was_noted_elsewhere_shows_that_the_whole_trail_was_rewritten(system: System) -> None:
    noted = system.crossdock("audit", "verify", "--json").document["seal"]
    assert system.crossdock("audit", "verify", "--seal", noted).code == 0
    number = noted.partition(":")[0]
    assert system.crossdock("audit", "verify", "--seal", f"{number}:{'0' * 64}").code == 1


def _read(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _texts(document: Any) -> list[str]:
    if isinstance(document, dict):
        return [t for v in document.values() for t in _texts(v)]
    if isinstance(document, list):
        return [t for v in document for t in _texts(v)]
    return [document] if isinstance(document, str) else []
