"""Quotes every line of a ledger through the product's own contract, form and resolver, in several processes."""

from __future__ import annotations

import multiprocessing
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from crossdock.contracts.price_form import normalised
from crossdock.contracts.prices import PriceRule
from crossdock.pricing.context import Context, ItemFacts
from crossdock.pricing.context import Line as Asked
from crossdock.pricing.instants import instant_text
from crossdock.pricing.resolving import resolve
from crossdock.pricing.rules import Rule
from crossdock.pricing.settings import Settings
from tests.replay.prices.derive import CURRENCY
from tests.replay.prices.lines import PER_POUND

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from decimal import Decimal

    from tests.replay.prices.lines import Line

_AT_ONCE: Final = 2_000
Answer = tuple[str, int] | None
"""Level and price in thousandths, or None where there is no price."""


@dataclass(slots=True)
class PriceModel:
    """A price model as the resolver takes it. A line's candidates are all rules about its item but other customers'."""

    settings: Settings
    segments: Mapping[str, tuple[str, ...]]
    items: Mapping[str, ItemFacts]
    shared: dict[str, list[Rule]] = field(default_factory=lambda: defaultdict(list))
    own: dict[tuple[str, str], list[Rule]] = field(default_factory=lambda: defaultdict(list))

    @classmethod
    def read(cls, document: Mapping[str, Any]) -> PriceModel:
        """A model from its public document: each rule is checked and brought into its form as if it had come in."""
        model = cls(
            Settings.read(document["settings"]),
            {c["customer"]: tuple(c["segments"]) for c in document["customers"]},
            {i["item"]: ItemFacts.read(i) for i in document["items"]},
        )
        for stated in document["rules"]:
            rule = Rule.read(normalised(PriceRule.model_validate(stated), document["time_zone"]))
            item, customer = stated["item"], stated.get("scope", {}).get("customer")
            (model.own[customer, item] if customer else model.shared[item]).append(rule)
        return model

    def quote(self, line: Line) -> Answer:
        """What one unit costs on this line, as of its date."""
        candidates = self.shared.get(line.item, []) + self.own.get((line.customer, line.item), [])
        context = Context(
            at=instant_text(line.at),
            currency=CURRENCY,
            customer=line.customer or None,
            segments=self.segments.get(line.customer, ()),
            region=line.region,
            channel=line.channel,
        )
        asked = Asked("1", line.item, line.quantity or 1)
        found = resolve(context, asked, self.items[line.item], candidates, self.settings)
        if found.unit_price is None or found.rule is None:
            return None
        return found.rule.layer, _thousandths(found.unit_price)


def _thousandths(price: Decimal) -> int:
    return int(price * PER_POUND)


_model: PriceModel | None = None  # of a process that was forked for quoting


def quote_all(model: PriceModel, lines: Sequence[Line], processes: int) -> Iterator[list[Answer]]:
    """The answers in the order of the lines, some at a time."""
    global _model  # noqa: PLW0603 - what the forked processes inherit; sending it to each would take longer than quoting
    _model = model
    parts = _parts(lines)
    if processes == 1:
        yield from map(_quote_some, parts)
        return
    with multiprocessing.get_context("fork").Pool(processes) as pool:
        yield from pool.imap(_quote_some, parts)


def _quote_some(lines: list[Line]) -> list[Answer]:
    assert _model is not None
    return [_model.quote(line) for line in lines]


def _parts(lines: Iterable[Line]) -> Iterator[list[Line]]:
    waiting = iter(lines)
    while part := list(islice(waiting, _AT_ONCE)):
        yield part
