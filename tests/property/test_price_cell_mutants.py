"""The properties of published cells bite: each of these small changes to the library makes one of them fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from crossdock.pricing import affected, cells, publishing, sensitivity
from crossdock.pricing.cell_store import CellStore
from crossdock.pricing.publishing import Publisher
from tests.property.price_cells import check_incremental, check_meeting
from tests.property.properties import SEEDS
from tests.support.examples import unshrunk

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from random import Random

    from crossdock.pricing.rules import Rule

pytestmark = pytest.mark.property


def _without(*gone: str) -> Callable[[pytest.MonkeyPatch], None]:
    """A cell that claims not to depend on these layers."""

    def mutate(patch: pytest.MonkeyPatch) -> None:
        found = sensitivity.sensitive
        patch.setattr(cells, "sensitive", lambda *args, **named: found(*args, **named) - set(gone))

    return mutate


def _weakest_level_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Shut out are weaker levels only; this shuts out those that won, too."""
    found = sensitivity.sensitive

    def mutant(candidates: Iterable[Rule], winners: Iterable[Rule | None], *, every_level: bool) -> frozenset[str]:
        listed = list(winners)
        won = {w.layer for w in listed if w is not None}
        return found(candidates, listed, every_level=every_level) - (won if None not in listed else set())

    patch.setattr(cells, "sensitive", mutant)


def _sources_forgotten(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(sensitivity, "_sources", lambda _: ())


def _gaps_forgotten(patch: pytest.MonkeyPatch) -> None:
    """Windows without a price need every level; this judges by those with one."""
    found = sensitivity.sensitive
    patch.setattr(
        cells,
        "sensitive",
        lambda c, w, *, every_level: found(c, [x for x in w if x] or [None], every_level=every_level),
    )


def _old_scope_forgotten(patch: pytest.MonkeyPatch) -> None:
    def new_only(change: affected.ChangedRule, now: str) -> list[Rule]:
        return [change.new] if not change.new.withdrawn and change.new.closes > now else []

    patch.setattr(affected.ChangedRule, "versions", new_only)


def _everything_affected(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(publishing, "may_move", lambda *_: True)


def _every_class_affected(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(affected, "may_be_of", lambda *_: True)


def _everything_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(publishing, "moved", lambda *_: True)


def _openings_told(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(publishing, "from_now", lambda document, _: document)


def _windows_not_noted(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(CellStore, "expect", lambda *_: None)


def _no_second_look(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Publisher, "_overtaken", lambda *_: set())


@pytest.mark.parametrize(
    ("mutate", "check"),
    [
        (_weakest_level_forgotten, check_incremental),
        (_without("discount"), check_incremental),
        (_without("floor", "advertised_minimum"), check_incremental),
        (_without("cost"), check_incremental),
        (_sources_forgotten, check_incremental),
        (_gaps_forgotten, check_incremental),
        (_old_scope_forgotten, check_incremental),
        (_everything_affected, check_incremental),
        (_every_class_affected, check_incremental),
        (_everything_told, check_incremental),
        (_openings_told, check_incremental),
        (_windows_not_noted, check_incremental),
        (_no_second_look, check_meeting),
    ],
)
def test_each_mutant_is_seen(
    mutate: Callable[[pytest.MonkeyPatch], None], check: Callable[[Random], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutate(monkeypatch)

    def body(random: Random) -> None:
        check(random)

    with pytest.raises(AssertionError):
        given(SEEDS)(unshrunk(600)(body))()
