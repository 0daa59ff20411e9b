"""Whatever is doubled, reordered, cut, delayed or dies: balances are the journal's, channels hold what is true.

Over the stores' own code on a table in memory; a smaller number of the same runs on the emulator
(tests/integration/handlers/test_schedules.py).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given

from tests.property import balances
from tests.property import properties as p
from tests.property.digests import check_digests, check_sums
from tests.property.publication import check_publication, check_there_and_back
from tests.property.sequences import check_sequences
from tests.support.examples import examples

if TYPE_CHECKING:
    from random import Random

pytestmark = pytest.mark.property


@given(p.SEEDS)
@examples(500)
def test_the_journal_keeps_the_first_content_of_each_identity(random: Random) -> None:
    p.check_some_journal(random)


@given(p.SEEDS)
@examples(600)
def test_a_balance_is_the_fold_of_its_journal_whatever_the_stream_does(random: Random) -> None:
    p.check_projection(random)


@given(p.SEEDS)
@examples(600)
def test_a_channel_ends_with_the_truth_and_never_goes_back(random: Random) -> None:
    p.check_delivery(random, overtaking=False)


@given(p.SEEDS)
@examples(600)
def test_a_channel_that_keeps_the_highest_version_ends_with_the_truth_when_workers_outlive_their_leases(
    random: Random,
) -> None:
    p.check_delivery(random, overtaking=True)


@given(p.SEEDS)
@examples(600)
def test_every_kind_of_movement_is_counted_once_and_what_is_under_way_is_seen_once(random: Random) -> None:
    balances.check_every_kind(random)


@given(p.SEEDS)
@examples(800)
def test_a_channel_that_is_spared_small_changes_never_shows_what_is_not_there(random: Random) -> None:
    check_publication(random)


@given(p.SEEDS)
@examples(400)
def test_the_same_when_workers_outlive_their_leases(random: Random) -> None:
    check_publication(random, overtaking=True)


@given(p.SEEDS)
@examples(100)
def test_a_channel_is_not_left_with_what_was_true_for_a_moment(random: Random) -> None:
    check_there_and_back(random)


@given(p.SEEDS)
@examples(500)
def test_a_digest_is_the_sum_over_what_was_acknowledged_whatever_the_stream_does(random: Random) -> None:
    check_digests(random)


@given(p.SEEDS)
@examples(200)
def test_leaf_hashes_add_up_in_any_order(random: Random) -> None:
    check_sums(random)


@given(p.SEEDS)
@examples(600)
def test_only_what_is_missing_in_a_sequence_is_told_whatever_workers_do(random: Random) -> None:
    check_sequences(random)
