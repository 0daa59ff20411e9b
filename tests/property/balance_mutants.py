"""What a hurried change could leave of the counting of balances: see test_mutants.py."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from crossdock.inventory import balances, effects, header_store, journal_store
from crossdock.inventory.balances import Delta
from crossdock.inventory.header_store import HeaderStore
from crossdock.platform.dynamo import Table
from crossdock.platform.writes import Update

if TYPE_CHECKING:
    from collections.abc import Callable

    import pytest

    Mutation = Callable[[pytest.MonkeyPatch], None]


def without_tests(*names: str) -> Mutation:
    """Drops the conditions on these attributes from every write that has them."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        original = Table.write

        def write(self: Table, writes: Any) -> Any:
            return original(
                self,
                [
                    replace(w, when=tuple(c for c in w.when if c.name not in names)) if isinstance(w, Update) else w
                    for w in writes
                ],
            )

        patch.setattr(Table, "write", write)

    return mutate


def no_cut(patch: pytest.MonkeyPatch) -> None:
    """Adds a whole batch although its beginning is counted."""
    original = HeaderStore._next_try

    def next_try(self: HeaderStore, change: Any, row: Any) -> Any:
        found = original(self, change, row)
        if isinstance(change, Delta):
            return [(d, replace(w, add={**change.adds, "ver": 1}) if isinstance(w, Update) else w) for d, w in found]
        return found

    patch.setattr(HeaderStore, "_next_try", next_try)


def without_the_pool(patch: pytest.MonkeyPatch) -> None:
    original = effects.total
    patch.setattr(balances, "total", lambda *given: {k: v for k, v in original(*given).items() if k != "pl"})


def sent_off_by_itself(patch: pytest.MonkeyPatch) -> None:
    """Lowers the stock on hand first, and says in a second write where it went."""
    original = Table.write

    def write(self: Table, writes: Any) -> Any:
        outcomes = original(self, [_without_sent(w) if isinstance(w, Update) else w for w in writes])
        done = [w for w, o in zip(writes, outcomes, strict=True) if o.done and isinstance(w, Update)]
        if later := [update for w in done if (update := _only_sent(w))]:
            original(self, later)
        return outcomes

    patch.setattr(Table, "write", write)


def _only_sent(write: Update) -> Update | None:
    add = {k: v for k, v in write.add.items() if k.startswith("ox_")}
    return Update(write.key, add=add) if add else None


def _without_sent(write: Update) -> Update:
    return replace(write, add={k: v for k, v in write.add.items() if not k.startswith("ox_")})


def nothing_used_up(patch: pytest.MonkeyPatch) -> None:
    original = effects.beyond_on_hand
    patch.setattr(
        journal_store, "beyond_on_hand", lambda e: {k: v for k, v in original(e).items() if k not in {"cm", "cu"}}
    )


def details_of_what_is_left(patch: pytest.MonkeyPatch) -> None:
    """Cuts details off where the header is, although a crash may have come between the two."""
    apply = HeaderStore.apply

    def hasty(self: HeaderStore, changes: Any) -> int:
        known = self.headers((d.sku, d.warehouse) for d in changes)
        return apply(self, [d for d in changes if (d.sku, d.warehouse) not in known or self._behind(d)])

    def behind(self: HeaderStore, delta: Delta) -> bool:
        row = self._table.get(delta.key, consistent=True)
        return row is None or row["seq"] < delta.last

    patch.setattr(HeaderStore, "_behind", behind, raising=False)
    patch.setattr(HeaderStore, "apply", hasty)


def no_empty_details(patch: pytest.MonkeyPatch) -> None:
    original = balances.detail_deltas
    patch.setattr(header_store, "detail_deltas", lambda changes: [d for d in original(changes) if d.quantity])


def first_amounts_stay_first(patch: pytest.MonkeyPatch) -> None:
    """Takes an attribute that it has not seen for one that is not there."""
    original = HeaderStore._count

    def count(self: HeaderStore, delta: Delta, header: Any) -> Any:
        write = original(self, delta, header or {"pos": -1})
        assert isinstance(write, Update)
        return replace(write, when=tuple(c for c in write.when if c.test != "missing"))

    patch.setattr(HeaderStore, "_count", count)
