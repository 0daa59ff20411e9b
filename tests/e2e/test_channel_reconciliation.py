"""A shop loses and changes what it was told; comparing hashes finds exactly that, and telling again mends it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.system import movement

if TYPE_CHECKING:
    from tests.support.system import System

pytestmark = pytest.mark.e2e

SKUS = tuple(f"REC-{n}" for n in range(8))


def reconcile(system: System) -> dict[str, Any]:
    """The availability part of the command's report, of items that are this test's."""
    report = system.crossdock("reconcile", "channel", "webshop", "--json").document
    found: dict[str, Any] = next(k for k in report["kinds"] if k["kind"] == "availability")
    return {d["key"]: (d["why"], d["action"]) for d in found["drifts"] if d["key"] in SKUS} | {
        "no_digest": found["no_digest"]
    }


def test_a_shop_that_lost_three_items_gets_exactly_those_again(system: System) -> None:
    system.knows(*SKUS)
    system.send(*(movement(f"rec-{n}", sku, 10 + n) for n, sku in enumerate(SKUS)))
    system.until("all are told", lambda: all(system.told(sku, 10 + n, 8 + n) for n, sku in enumerate(SKUS)))
    system.at_rest()
    shop = system.channels["webshop"]
    versions = {sku: shop.held("availability", sku).version for sku in SKUS}  # type: ignore[union-attr]  # just told
    shop.lose("availability", "REC-1")
    shop.spoil("availability", "REC-2", 99)
    shop.spoil("availability", "REC-3", 0)

    first, second = reconcile(system), reconcile(system)
    system.until("they are told again", lambda: all(system.held("webshop", f"REC-{n}") == 10 + n for n in (1, 2, 3)))
    system.at_rest()

    drifted = ("REC-1", "REC-2", "REC-3")
    assert first == {**dict.fromkeys(drifted, ("held", "seen")), "no_digest": None}
    assert second == {**dict.fromkeys(drifted, ("held", "healed")), "no_digest": None}
    after = {sku: shop.held("availability", sku).version for sku in SKUS}  # type: ignore[union-attr]  # as above
    assert {sku for sku in SKUS if after[sku] != versions[sku]} == set(drifted)
    assert reconcile(system) == {"no_digest": None}
    said = system.crossdock("reconcile", "channel", "webshop")
    assert (said.code, "availability: leaves compared 4096, differing 0" in said.out) == (0, True)
