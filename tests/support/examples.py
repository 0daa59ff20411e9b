"""How properties are tried: the same examples every time, so that what passed passes again, and without a clock."""

from __future__ import annotations

from hypothesis import HealthCheck, Phase, settings
from hypothesis.internal.conjecture import providers

# Hypothesis strews constants of all our modules that are loaded among its examples: other tests' imports would change
# what is tried. There is no setting for it.
providers._get_local_constants = lambda: providers._local_constants


def examples(count: int) -> settings:
    """Settings for a property: `count` examples, always the same ones."""
    return settings(
        max_examples=count,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.data_too_large],
    )


def unshrunk(count: int) -> settings:
    """The same for a property that is expected to fail: the first failure will do."""
    return settings(examples(count), phases=[Phase.generate], report_multiple_bugs=False)
