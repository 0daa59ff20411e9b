"""The part of docs/costs.md about quotes: what a million cost, and what one reads however many rules there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tests.bench.model import sum_of
from tests.bench.price_reads import COUNTS, LINES, reads
from tests.bench.tables import bill_rows, table, usd

if TYPE_CHECKING:
    from decimal import Decimal

    from tests.bench.model import Model

_RULES: Final = {"10k": "10 thousand", "1m": "a million", "10m": "ten million"}
_EXTREMES: Final = {
    "10k_key_account": "10 thousand, a key account with a contract on each line",
    "1m_key_account": "a million, a key account with a contract on each line",
    "1m_dense": "a million on 5,000 items, 200 to an item",
}


def overview(model: Model) -> list[tuple[str, Decimal, str]]:
    """(a million of what, dollars, note) for the page's first table."""
    return [
        (f"quotes of {n:,} line{'s' * (n > 1)}", sum_of(model.bill(f"quote_{n}")), "kept with their traces, and sealed")
        for n in COUNTS
    ] + [
        (
            "prices of an item for a class",
            sum_of(model.bill("price_cells")),
            "moved by a rule: computed and kept; told to channels apart",
        )
    ]


def render(model: Model) -> str:
    """The whole part."""
    bills = [model.bill(f"quote_{n}") for n in COUNTS]
    rows = bill_rows(bills)
    rows.append(("**together**", *(f"**{usd(sum_of(b))}**" for b in bills)))
    sizes, common = model.counted["sizes"], model.scenario("quote_common")["functions"]["common_way"]
    trips = [f"{sizes[f'quote{n}_round_trips']}, warm {sizes[f'quote{n}_round_trips_warm']}" for n in COUNTS]
    asked = [
        (f"read units, {what} rules", *(_units(model, reads(n, rules)) for n in COUNTS))
        for rules, what in _RULES.items()
    ]
    asked += [
        ("rows asked for", *(str(sizes[f"quote{n}_keys"]) for n in COUNTS)),
        ("round trips, one after the other", *trips),
    ]
    extremes = [(what, _units(model, reads(LINES, rules))) for rules, what in _EXTREMES.items()]
    heads = [f"{n:,} line{'s' * (n > 1)}" for n in COUNTS]
    return f"""## A million quotes

By a warm function: the rules read in one round trip, the quote with its traces kept in another, compressed, so that it
can be explained and disputed as long as it is kept. Keeping it is most of the price.

{table(("", *heads), rows)}

What a quote reads does not depend on how many rules there are: a line is one row with all that is said of its item to
many, a customer is one row, and so is a contract until it has to be spread over its items. The rules of a quote's items
have their real number beside them, twenty to an item. The table of 10 thousand rules is loaded whole. Of the million
the rows that are asked for are loaded, made by the stores' own code as in the whole table; of the ten million they are
on paper: their units follow from their sizes.

{table(("", *heads), asked)}

A line is half a unit, as is each of the 20 families of these items. Where every line has a row more, a quote of {LINES}
lines passes the 60 units that it is to keep within by the families:

{table((f"rules, {LINES} lines of 20 families", "read units"), extremes)}

The common way reads the customer, and asks for each line's rules by a query: {common["rru"]:g} units for {LINES} lines,
and {sum(common["requests"].values())} round trips one after the other. It reads every rule of an item, so it grows."""


def _units(model: Model, scenario: str) -> str:
    found: float = model.scenario(scenario)["functions"]["candidates"]["rru"]
    return f"{found:g}"
