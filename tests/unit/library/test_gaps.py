"""Ranges of a sequence: worked examples, and what must hold in any order."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.inventory.gaps import (
    Gap,
    Span,
    bounded,
    from_text,
    gaps,
    holding,
    joined,
    repeated,
    runs,
    to_text,
    without,
)
from crossdock.inventory.sequences import Batch, SequenceName, State, Step, advanced, arrivals

pytestmark = [pytest.mark.unit, pytest.mark.property]

POSITIONS = st.sets(st.integers(0, 40))


def covered(spans: tuple[Span, ...]) -> set[int]:
    return {n for s in spans for n in range(s.first, s.last + 1)}


def test_a_gap_is_missing_since_something_beyond_it_arrived() -> None:
    spans = joined(joined((), runs([1, 2, 3]), 10), runs([6, 8]), 20)

    assert spans == (Span(1, 3), Span(6, 6, 20), Span(8, 8, 20))
    assert gaps(spans) == (Gap(4, 5, 20), Gap(7, 7, 20))


def test_a_gap_that_is_filled_in_part_keeps_its_time_and_one_that_is_filled_is_gone() -> None:
    spans = joined(joined((), runs([1, 9]), 10), runs([4]), 50)

    assert gaps(spans) == (Gap(2, 3, 10), Gap(5, 8, 10))
    assert joined(spans, runs(range(2, 9)), 60) == (Span(1, 9),)


def test_what_comes_below_the_first_opens_a_gap_now() -> None:
    assert joined((Span(5, 6),), runs([2]), 70) == (Span(2, 2), Span(5, 6, 70))


def test_a_position_that_is_accounted_for_is_not_missing() -> None:
    assert without([Gap(4, 9, 1)], runs([3, 4, 6, 9, 12])) == (Gap(5, 5, 1), Gap(7, 8, 1))
    assert without([Gap(4, 5, 1)], runs([4, 5])) == ()


def test_the_oldest_gaps_are_given_up_first_and_stay_known_as_holes() -> None:
    spans = (Span(1, 1), Span(3, 3, 5), Span(6, 6, 9), Span(8, 8, 2))

    assert bounded(spans, 3) == ((Span(1, 1), Span(3, 3, 5), Span(6, 8, 9, 1)), (Gap(7, 7, 2),))
    assert bounded(spans, 1) == ((Span(1, 8, 0, 4),), (Gap(2, 2, 5), Gap(4, 5, 9), Gap(7, 7, 2)))
    assert bounded(spans, 4) == (spans, ())


def test_a_new_movement_at_a_position_that_arrived_is_a_repetition_unless_there_are_holes() -> None:
    assert repeated((Span(1, 9, 0, 1),), [3, 4, 20]) == ((Span(1, 9, 0, 0),), [4])


@given(st.lists(POSITIONS, max_size=6), st.randoms(use_true_random=False))
def test_the_order_of_arrival_never_matters_to_what_is_covered(batches: list[set[int]], random: object) -> None:
    there = back = ()
    for n, batch in enumerate(batches):
        there = joined(there, runs(batch), n)
    random.shuffle(batches)  # type: ignore[attr-defined]
    for n, batch in enumerate(batches):
        back = joined(back, runs(batch), n)

    everything = set().union(*batches) if batches else set()
    assert covered(there) == covered(back) == everything
    assert [(s.first, s.last) for s in there] == [(s.first, s.last) for s in back]
    missing = {n for g in gaps(there) for n in range(g.first, g.last + 1)}
    assert missing == (set(range(min(everything), max(everything))) - everything if everything else set())


@given(st.lists(POSITIONS, max_size=5), st.integers(0, 40))
def test_spans_never_touch_and_arriving_again_changes_nothing(batches: list[set[int]], position: int) -> None:
    spans: tuple[Span, ...] = ()
    for n, batch in enumerate(batches):
        spans = joined(spans, runs(batch), n + 1)
        assert joined(spans, runs(batch), 99) == spans
    assert all(below.last + 1 < above.first for below, above in pairwise(spans))
    assert (holding(spans, position) is not None) == (position in covered(spans))
    assert from_text(to_text(spans)) == spans


@given(POSITIONS, st.integers(1, 5))
def test_given_up_gaps_and_kept_ones_are_all_the_gaps_there_were(positions: set[int], limit: int) -> None:
    spans = joined((), runs(positions), 1)
    kept, given_up = bounded(spans, limit)

    assert len(kept) <= limit
    assert sorted([*gaps(kept), *given_up], key=lambda g: g.first) == list(gaps(spans))
    assert sum(s.holes for s in kept) == sum(g.last - g.first + 1 for g in given_up)
    assert from_text(to_text(kept)) == kept


# -- a source's sequence ---------------------------------------------------------------------------------------


def batch(new: set[int], *others: int) -> Batch:
    return Batch(new, new | set(others))


def test_what_was_refused_is_not_missing_and_is_no_new_beginning_when_it_comes() -> None:
    state = advanced(State(), batch({1, 2, 5}, 3), 10).state

    assert state.missing == (Gap(4, 4, 10),)
    step = advanced(state, batch({3}), 20)
    assert (step.again, step.state) == ((), State((Span(1, 3), Span(5, 5, 10))))


def test_a_new_movement_at_an_old_position_is_told_and_nothing_else_changes() -> None:
    state = advanced(State(), batch({1, 2, 3}), 10).state

    assert advanced(state, batch({2}), 20) == Step(state, (2,))


@given(st.lists(st.tuples(POSITIONS, POSITIONS), max_size=5))
def test_a_batch_that_comes_again_as_duplicates_changes_nothing(batches: list[tuple[set[int], set[int]]]) -> None:
    state = State()
    for n, (new, others) in enumerate(batches):
        state = advanced(state, Batch(new, new | others), n + 1).state
        assert advanced(state, Batch(set(), new | others), 99) == Step(state)


def test_arrivals_are_sorted_by_sequence_and_only_an_owners_count() -> None:
    raw = [
        ("wms", {"warehouse": "MAIN", "sequence": 1}),
        ("wms", {"warehouse": "MAIN", "sequence": True}),
        ("wms", {"warehouse": "MAIN", "sequence": -1}),
        ("wms", {"warehouse": "MAIN"}),
        ("wms", {"warehouse": "NORTH", "sequence": 7}),
        ("erp", {"warehouse": "MAIN", "sequence": 9}),
        ("shop", {"warehouse": "STORE", "sequence": 4}),
        ("wms", "nonsense"),
    ]
    owners = {"MAIN": "wms", "NORTH": "wms", "STORE": "shop"}

    found = arrivals(raw, [("wms", "MAIN", 1), ("wms", "MAIN", None)], owners, {"wms": "warehouse", "shop": "none"})
    assert found == {
        SequenceName("wms", "MAIN"): Batch({1}, {1}),
        SequenceName("wms", "NORTH"): Batch(set(), {7}),
    }
    found = arrivals(raw, [], owners, {"wms": "source", "erp": "source", "shop": "source"})
    assert found == {SequenceName("wms"): Batch(set(), {1, 7}), SequenceName("shop"): Batch(set(), {4})}


def test_what_was_refused_is_not_missing_when_its_gap_is_given_up() -> None:
    new = set(range(0, 4_200, 2))
    refused = set(range(1, 4_199, 2)) - {77}
    step = advanced(State(), Batch(new, new | refused), 10)
    assert step.given_up == (Gap(77, 77, 10),)
    assert step.state.missing == ()
