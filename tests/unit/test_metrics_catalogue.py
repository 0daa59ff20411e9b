"""What is measured is what the catalogue of figures says, to the unit and the dimension, and nothing is beside it."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from crossdock.contracts import metrics
from crossdock.contracts.metrics import METRICS
from crossdock.exceptions.failures import Failure
from crossdock.platform import facts

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
PLACES = (ROOT / "functions", ROOT / "layers/crossdock/python/crossdock")
SAYING = frozenset({"measured", "measured_together", "happened"})
Emission = tuple[str, str, frozenset[str]]


def emissions() -> Iterator[tuple[Path, Emission]]:
    """(name, unit, dimensions) of each figure that is measured anywhere, as the code writes them."""
    for place in PLACES:
        for file in sorted(place.rglob("*.py")):
            if file.name == "metrics.py" and file.parent.name == "platform":
                continue
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in SAYING:
                    dimensions = frozenset(_dimensions(node))
                    for name, unit in _figures(node):
                        yield file, (name, unit, dimensions)


def _figures(call: ast.Call) -> Iterator[tuple[str, str]]:
    """Names and units stand there as texts: or nobody could tell what is measured without running it."""
    assert isinstance(call.func, ast.Name)
    figures = [call.args] if call.func.id == "measured" else [_elements(argument) for argument in call.args]
    for name, _, unit in figures:
        yield ast.literal_eval(name), ast.literal_eval(unit)


def _elements(argument: ast.expr) -> list[ast.expr]:
    assert isinstance(argument, ast.Tuple)
    return argument.elts


def _dimensions(call: ast.Call) -> Iterator[str]:
    for keyword in call.keywords:
        if keyword.arg is not None:
            yield keyword.arg
        else:  # a name that is a word of the language: **{"class": …}
            assert isinstance(keyword.value, ast.Dict)
            yield from (ast.literal_eval(key) for key in keyword.value.keys if key is not None)


def test_what_is_measured_is_in_the_catalogue_and_what_is_in_it_is_measured() -> None:
    catalogued = {(m.name, m.unit, frozenset(m.dimensions)) for m in METRICS}

    assert {emission for _, emission in emissions()} == catalogued


def test_each_figure_is_catalogued_once_and_says_all_of_itself() -> None:
    assert len({m.name for m in METRICS}) == len(METRICS)
    for metric in METRICS:
        assert len(metric.dimensions) <= 1, "each combination of values is paid for"
        assert all((metric.title, metric.meaning, metric.formula, metric.aim)), metric.name
        assert not metric.values or metric.dimensions, metric.name


def test_the_values_of_dimensions_are_those_of_the_code() -> None:
    assert tuple(f.value for f in Failure) == metrics.EXCEPTION_CLASSES
    assert metrics.FACTS == facts.DOMAINS


def test_a_percentile_is_only_asked_of_what_is_measured_one_by_one() -> None:
    assert {m.name for m in METRICS if m.statistic.startswith("p")} == {"FactLag", "DeliveryLag", "WebhookTime"}


def test_no_function_imports_the_catalogue() -> None:
    importing = {
        file.relative_to(ROOT)
        for place in PLACES
        for file in place.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text()))
        if isinstance(node, ast.ImportFrom) and node.module == "crossdock.contracts.metrics"
    }

    assert importing == {Path("layers/crossdock/python/crossdock/config/figures.py")}, "for infra and the console"
    readers = [f for f in ROOT.glob("functions/*/handler.py") if "config.figures" in f.read_text()]
    assert readers == []
