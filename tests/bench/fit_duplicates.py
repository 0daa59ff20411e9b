"""Derives the weights by which duplicates are judged: `python -m tests.bench.fit_duplicates`, some two minutes.

A hundred thousand generated customers give candidate pairs of which we know which are one. Of each level of each
feature the fit starts from Fellegi and Sunter's weight, log2 of how often it comes in true pairs and in others, and
goes from there to what predicts best when all are added up (logistic regression, kept near its start by a ridge): so
what two features say twice counts once. Thresholds are chosen on a second population. The benchmark measures on a
third: it must never take a seed that stands here.
"""

from __future__ import annotations

import math
from collections import Counter

from crossdock.identity.duplicates.comparing import levels
from crossdock.identity.duplicates.finding import Tally, candidate_pairs
from crossdock.identity.duplicates.levels import LEVELS
from crossdock.identity.duplicates.weights import AGAINST, AGREEING, FILE, ORDERED, weights
from tests.support.customer_damage import population

FITTED, CHOSEN = 101, 102
COUNT = 100_000
_RIDGE = 3.0  # how many pairs the start is worth
_ROUNDS = 25
_REFITS = 3
_MOVED = 0.005
_BOUND = 24.0  # bits: no feature outweighs everything
_PRECISE = 0.97  # of what is raised, on the second population: some way above the aim of 0.95
_SURE = 0.998
_LEAST, _CERTAIN = 500, 990  # no lower, whatever the population says

Level = tuple[str, str]
Cell = tuple[Level, ...]
Table = dict[Cell, list[int]]
"""Per combination of levels, how many pairs are (0) others and (1) true."""


def table(seed: int, count: int = COUNT) -> tuple[Table, int]:
    """The candidate pairs of a population by their levels, and how many true pairs there are in all."""
    made = population(seed, count)
    found: Table = {}
    order = weights().features
    for a, b in candidate_pairs(made.parties, Tally()):
        pair = min(a.party.id, b.party.id), max(a.party.id, b.party.id)
        cell = tuple(levels(a, b, order).items())
        found.setdefault(cell, [0, 0])[pair in made.truth] += 1
    return found, len(made.truth)


def start(cells: Table) -> dict[Level, float]:
    """Fellegi and Sunter's weights in bits, half a pair added to each count."""
    counts: tuple[Counter[tuple[str, str]], Counter[tuple[str, str]]] = (Counter(), Counter())
    for cell, both in cells.items():
        for kind in (0, 1):
            for entry in cell:
                counts[kind][entry] += both[kind]
    found = {}
    for feature, names in LEVELS.items():
        known = [sum(counts[kind][feature, name] for name in names) + 0.5 * len(names) for kind in (0, 1)]
        for name in names:
            u, m = ((counts[kind][feature, name] + 0.5) / known[kind] for kind in (0, 1))
            found[feature, name] = max(-_BOUND, min(_BOUND, math.log2(m / u)))
    return found


def fit(cells: Table) -> tuple[float, dict[Level, float]]:
    """(bits before anything is compared, bits of each level): fitted, brought into order, and fitted again around that.

    What weights.py asks for is kept: no agreement weighs against, and more of it never weighs less.
    """
    begun = start(cells)
    held: dict[Level, float] = {}
    found = newton(cells, begun, held)
    for _ in range(_REFITS):
        in_order = ordered(found[1])
        held |= {level: bits for level, bits in in_order.items() if abs(bits - found[1][level]) > _MOVED}
        found = newton(cells, begun, held)
    return found[0], ordered(found[1])


def newton(cells: Table, begun: dict[Level, float], held: dict[Level, float]) -> tuple[float, dict[Level, float]]:
    """The logistic regression's optimum, with some levels held; the ridge draws the others to `begun`."""
    free = [level for level in begun if level not in held]
    place = {level: n + 1 for n, level in enumerate(free)}
    centre = [0.0, *(begun[level] for level in free)]
    rows = [
        ((0, *(place[e] for e in cell if e in place)), sum(held.get(e, 0.0) for e in cell), both)
        for cell, both in cells.items()
    ]
    found = list(centre)
    for _ in range(_ROUNDS):
        slope, curve = _bent(rows, found, centre)
        step = solved(curve, slope)
        found = [f + max(-4.0, min(4.0, s)) for f, s in zip(found, step, strict=True)]
    fitted = {level: max(-_BOUND, min(_BOUND, found[n])) for level, n in place.items()}
    return found[0], held | fitted


def _bent(
    rows: list[tuple[tuple[int, ...], float, list[int]]], at: list[float], centre: list[float]
) -> tuple[list[float], list[list[float]]]:
    """First and second derivatives of the penalised likelihood."""
    size, nat = len(at), math.log(2)
    slope = [(c - f) * _RIDGE * (n > 0) for n, (c, f) in enumerate(zip(centre, at, strict=True))]
    curve = [[_RIDGE * (n == m and n > 0) for m in range(size)] for n in range(size)]
    curve[0][0] = 1e-9
    for active, fixed, (others, true) in rows:
        bits = fixed + sum(at[n] for n in active)
        chance = 1 / (1 + 2 ** -max(-60.0, min(60.0, bits)))
        pull = nat * (true - (others + true) * chance)
        bend = nat**2 * (others + true) * chance * (1 - chance)
        for n in active:
            slope[n] += pull
            for m in active:
                curve[n][m] += bend
    return slope, curve


def solved(matrix: list[list[float]], right: list[float]) -> list[float]:
    """The solution of a system of linear equations, by elimination."""
    size = len(right)
    rows = [[*row, value] for row, value in zip(matrix, right, strict=True)]
    for n in range(size):
        best = max(range(n, size), key=lambda m: abs(rows[m][n]))
        rows[n], rows[best] = rows[best], rows[n]
        for m in range(n + 1, size):
            factor = rows[m][n] / rows[n][n]
            if factor:
                rows[m] = [x - factor * y for x, y in zip(rows[m], rows[n], strict=True)]
    found = [0.0] * size
    for n in reversed(range(size)):
        found[n] = (rows[n][size] - sum(rows[n][m] * found[m] for m in range(n + 1, size))) / rows[n][n]
    return found


def ordered(bits: dict[Level, float]) -> dict[Level, float]:
    """The same with every feature in the order that weights.py asks for, moved as little as that takes."""
    found = {level: min(0.0, value) if level[1] in AGAINST else value for level, value in bits.items()}
    for feature, names in LEVELS.items():
        line = ORDERED[feature]
        agreeing = line.index(AGREEING[feature])
        floored = [max(0.0, found[feature, n]) if k <= agreeing else found[feature, n] for k, n in enumerate(line)]
        for name, value in zip(line, _falling(floored), strict=True):
            found[feature, name] = value
        most = found[feature, line[0]]
        for name in names:
            found[feature, name] = min(most, found[feature, name])
        if "apart" in names:
            found[feature, "apart"] = min(found[feature, name] for name in names)
    return found


def _falling(values: list[float]) -> list[float]:
    """The nearest values that never rise: neighbours that do are pooled at their mean."""
    pools: list[list[float]] = []
    for value in values:
        pools.append([value])
        while len(pools) > 1 and _mean(pools[-2]) < _mean(pools[-1]):
            last = pools.pop()
            pools[-1] += last
    return [_mean(pool) for pool in pools for _ in pool]


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)


def thresholds(cells: Table, before: int, bits: dict[str, dict[str, int]]) -> tuple[int, int]:
    """The lowest scores, in thousandths, at and above which enough of the pairs are true: to raise, and for certain."""
    at: dict[int, list[int]] = {}
    for cell, both in cells.items():
        total = before + sum(bits[feature][name] for feature, name in cell)
        score = int(1000 / (1 + 2 ** (-max(-3000, min(3000, total)) / 100)))
        sums = at.setdefault(min(score, 999), [0, 0])
        sums[0] += both[0]
        sums[1] += both[1]
    found = []
    for least in (_PRECISE, _SURE):
        others = true = 0
        lowest = 999
        for score in sorted(at, reverse=True):
            others, true = others + at[score][0], true + at[score][1]
            if true / (others + true) >= least and score > 0:
                lowest = score
        found.append(lowest)
    return max(found[0], _LEAST), max(found[1], _CERTAIN)


def document(before: int, bits: dict[str, dict[str, int]], bounds: tuple[int, int], version: int) -> str:
    """weights.toml."""
    head = FILE.read_text(encoding="utf-8").split("version = ", 1)[0]
    source = f"fitted on {COUNT} generated customers of seed {FITTED}, thresholds chosen on seed {CHOSEN}"
    lines = [f"version = {version}", f'source = "{source}"', ""]
    lines += ["[thresholds]  # of the score, in thousandths", f"raise = {bounds[0]}", f"certain = {bounds[1]}", ""]
    lines += ["[weights]", f"before = {before}"]
    for feature, names in bits.items():
        lines += ["", f"[weights.{feature}]", *(f"{name} = {value}" for name, value in names.items())]
    return head + "\n".join(lines) + "\n"


def main() -> None:
    """Fits, chooses, writes weights.toml with the next version, and says what came of it."""
    cells, _ = table(FITTED)
    first, bits = fit(cells)
    before = round(100 * first)
    whole = {feature: {name: round(100 * bits[feature, name]) for name in names} for feature, names in LEVELS.items()}
    chosen, true = table(CHOSEN)
    bounds = thresholds(chosen, before, whole)
    FILE.write_text(document(before, whole, bounds, weights().version + 1), encoding="utf-8")
    print(f"{len(cells)} combinations; thresholds {bounds}; {true} true pairs to choose by")  # noqa: T201 - a command


if __name__ == "__main__":
    main()
