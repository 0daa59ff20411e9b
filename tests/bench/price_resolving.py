"""What resolving costs of our own CPU time, beside the common way in the same run; what is read is not in it."""

from __future__ import annotations

import json
import statistics
import time
from typing import TYPE_CHECKING, Final

from crossdock.platform.clock import system_clock
from crossdock.pricing.context import Context, Line
from crossdock.pricing.instants import instant_text
from crossdock.pricing.resolving import quote
from crossdock.pricing.settings import Settings
from tests.bench.figures import Aim, Figure, Report
from tests.bench.naive_prices import naive_price, parsed
from tests.bench.price_catalogue import party, sku
from tests.bench.price_reads import CHANNEL, CUSTOMER, LINES, Place, items_of, read

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossdock.pricing.candidates import Found

_QUANTITY: Final = 12
_AIM: Final = Aim(60)
_RUNS: Final = 8


def run(place: Place, repeats: int, step: Callable[[str], None]) -> Report:
    """Resolves the lines of a quote that were read from a table, over and over; the fastest run counts."""
    step("prices, resolving")
    items = items_of(place.catalogue, LINES)
    found = read(place, items, party(CUSTOMER))[0].found
    lines = [Line(str(n), sku(number), _QUANTITY) for n, number in enumerate(items, 1)]
    context, settings = _context(found), Settings()
    facts, rules = found.items, found.rules
    plain = {name: [parsed(rule.document()) for rule in of_item] for name, of_item in rules.items()}
    naive = {**context.document(), "segment": list(context.segments), "family": [], "customer": context.customer}

    def ours() -> object:
        return quote(context, lines, facts, rules, settings)

    def common() -> object:
        about = [(naive | {"item": line.item, "family": facts[line.item].families}, plain[line.item]) for line in lines]
        return [naive_price(asked, _QUANTITY, of_item) for asked, of_item in about]

    def answered() -> object:
        return [json.dumps(answer.document()) for answer in quote(context, lines, facts, rules, settings)]

    def traced() -> object:
        return [json.dumps(answer.trace()) for answer in quote(context, lines, facts, rules, settings)]

    works: list[Callable[[], object]] = [ours, common, answered, traced]
    measured = _microseconds({work.__name__: work for work in works}, repeats)
    candidates = sum(map(len, rules.values())) / len(lines)
    return Report(_figures(measured, candidates))


def _figures(measured: dict[str, list[float]], candidates: float) -> dict[str, Figure]:
    text = f"own CPU time for one line with {candidates:.1f} candidates (list, channels, branches, regions, segments, "
    text += "contract, 4 discounts, surcharge, floor of cost), read and parsed before; fastest run"
    ours, common = min(measured["ours"]), min(measured["common"])
    return {
        "resolver_us_per_line": Figure(ours, "µs", text, _AIM),
        "resolver_us_per_line_median": Figure(statistics.median(measured["ours"]), "µs", "the same, median run"),
        "resolver_us_per_line_baseline": Figure(common, "µs", "a plain Decimal loop that explains nothing"),
        "resolver_us_per_line_ratio": Figure(common / ours, "×", "what the plain loop needs for one of ours"),
        "answer_us_per_line": Figure(
            min(measured["answered"]), "µs", "the same with its answer as JSON: reason, next break"
        ),
        "trace_us_per_line": Figure(min(measured["traced"]), "µs", "the same with its trace as JSON"),
    }


def _context(found: Found) -> Context:
    profile = found.profile
    assert profile is not None
    return Context(
        at=instant_text(system_clock()),
        currency="GBP",
        customer=profile.customer,
        segments=profile.segments,
        branch=profile.branch,
        region=profile.region,
        channel=CHANNEL,
    )


def _microseconds(works: dict[str, Callable[[], object]], repeats: int) -> dict[str, list[float]]:
    """CPU time for one line, by run of two quotes; the works take turns, so that all see the same machine."""
    found: dict[str, list[float]] = {name: [] for name in works}
    for _ in range(repeats * _RUNS):
        for name, work in works.items():
            begun = time.process_time()
            work()
            work()
            found[name].append((time.process_time() - begun) / 2 / LINES * 1e6)
    return found
