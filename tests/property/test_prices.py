"""Prices: windows tile time without gap or overlap, and nothing depends on the order in which rules are read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.property.prices import INSTANTS, RULES, check_windows, check_winner
from tests.support.examples import examples

pytestmark = pytest.mark.property


@given(RULES, st.randoms(use_true_random=False), INSTANTS)
@examples(400)
def test_the_winner_is_the_same_in_whatever_order_rules_are_read(rules, random, instant) -> None:
    check_winner(rules, random, instant)


@given(RULES, st.randoms(use_true_random=False), INSTANTS)
@examples(400)
def test_windows_say_at_every_instant_what_the_winner_says(rules, random, since) -> None:
    check_windows(rules, random, since)
