"""Items as a shop lists them: each with its SKU, which is ours, and the shop's own ids for it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from crossdock.contracts.codes import Refused
from crossdock.contracts.facts import references_facts, together
from crossdock.contracts.inbound import Part, Translated
from crossdock.contracts.names import SKU

_SKU = re.compile(SKU)


@dataclass(frozen=True, slots=True)
class ListedItem:
    """One thing for sale. `ids` are what else the shop calls it, the first of them in every case."""

    sku: str | None
    ids: tuple[str, ...]


def declare_listed(source: str, items: Sequence[ListedItem]) -> Translated:
    """What the shop calls our items. One without a SKU of ours is refused by itself, the others go on."""
    good = [(i.sku, code) for i in items if i.sku is not None and _SKU.fullmatch(i.sku) for code in (i.sku, *i.ids)]
    bad: list[Part] = [_refused(source, i) for i in items if i.sku is None or not _SKU.fullmatch(i.sku)]
    return together([*references_facts(source, good), *bad])


def _refused(source: str, item: ListedItem) -> Refused:
    name = item.ids[0]
    problem = "is empty" if item.sku is None else f"is {item.sku!r}, which cannot be one of ours"
    return Refused(
        kind="unknown_sku",
        subject=f"item/{source}/{name}",
        detail=f"the sku of {name} {problem}: nothing says which of our items it is",
        remedy=f"give it our SKU (letters, digits, . _ - and spaces, at most 64) in {source}, save it, then close this",
    )
