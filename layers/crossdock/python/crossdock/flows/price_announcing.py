"""From changed cells to the messages that have channels told of them.

A message holds one class and one effective window, families together: what begins together is told together, a channel
that does not take tomorrow's prices still hears of today's, and a class that it has lost holds up no other. Families
only share a message, they are not kept apart: a change of forty small families would else be forty deliveries.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from crossdock import config
from crossdock.contracts.price_keys import price_key
from crossdock.exchange.dirty import CORRELATIONS_KEPT, KEYS_PER_MESSAGE, envelope
from crossdock.exchange.pending import Pending
from crossdock.platform.queues import dumps
from crossdock.pricing.cell_store import Stored, changed_cell
from crossdock.pricing.publishing import moved

NOW: Final = ""  # before every instant


@dataclass(frozen=True, slots=True)
class MovedCell:
    """A cell whose prices are others than before. `ahead`: not only because a window that was told of has begun."""

    price_class: str
    sku: str
    stored: Stored
    ahead: bool
    begins: str

    @property
    def order(self) -> tuple[str, str, str, str]:
        return self.price_class, self.begins, self.stored.family or "", self.sku


@dataclass(frozen=True, slots=True)
class Message:
    """A message for a channel's queue, and what is noted of it first."""

    pending: Pending
    body: str


def moved_cell(record: Mapping[str, Any], now: str) -> MovedCell | None:
    """The cell of a stream record, or None when its prices are what they were, or it is none."""
    found = changed_cell(record)
    if found is None:
        return None
    (price_class, sku), before, after = found
    if before is not None and before.price_hash == after.price_hash:
        return None
    return MovedCell(price_class, sku, after, moved(before, after, now), _begins(before, after))


def _begins(before: Stored | None, after: Stored) -> str:
    """When the change takes effect: the beginning of the first window that is another one; NOW for one that holds."""
    old = before.document["windows"] if before else []
    new = after.document["windows"]
    prices = [[{k: v for k, v in w.items() if k != "rules"} for w in windows] for windows in (old, new)]
    for n, window in enumerate(prices[1]):
        if n >= len(prices[0]) or prices[0][n] != window:
            same_start = n < len(prices[0]) and prices[0][n]["from"] == window["from"]
            only_shorter = same_start and prices[0][n]["tiers"] == window["tiers"]
            return str((window["to"] if only_shorter else window["from"]) or NOW)
    return str(new[-1]["to"] or NOW) if new else NOW


def messages(cells: Iterable[MovedCell], channels: Iterable[config.Channel]) -> dict[str, list[Message]]:
    """The messages of each channel that is concerned, by its name."""
    last: dict[tuple[str, str], MovedCell] = {}
    for cell in cells:
        key = (cell.price_class, cell.sku)
        last[key] = _together(last[key], cell) if key in last else cell
    listed = sorted(last.values(), key=lambda c: c.order)
    found: dict[str, list[Message]] = {}
    for channel in channels:
        ours = [c for c in listed if c.price_class in channel.price_classes and (c.ahead or not channel.dated)]
        for part in _parts(ours):
            found.setdefault(channel.name, []).append(_message(channel.name, part))
    return found


def _together(first: MovedCell, then: MovedCell) -> MovedCell:
    """Two changes of one cell as one: what either has to be told of is told, from when the earlier one was seen."""
    stored = replace(then.stored, since=min(first.stored.since, then.stored.since))
    return replace(then, stored=stored, ahead=first.ahead or then.ahead, begins=min(first.begins, then.begins))


def _parts(cells: list[MovedCell]) -> list[list[MovedCell]]:
    """Cells in their order, a class and an effective window at a time; a family is only cut where it is too large."""
    families: list[list[MovedCell]] = []
    for cell in cells:
        if families and families[-1][-1].order[:3] == cell.order[:3] and len(families[-1]) < KEYS_PER_MESSAGE:
            families[-1].append(cell)
        else:
            families.append([cell])
    parts: list[list[MovedCell]] = []
    for family in families:
        last = parts[-1] if parts else None
        fits = last is not None and len(last) + len(family) <= KEYS_PER_MESSAGE
        if last is not None and fits and last[-1].order[:2] == family[0].order[:2]:
            last += family
        else:
            parts.append(list(family))
    return parts


def _message(channel: str, cells: list[MovedCell]) -> Message:
    first = cells[0]
    since = min(c.stored.since for c in cells)
    keys = tuple(price_key(c.price_class, c.sku) for c in cells)
    marks = [
        {"kind": "price", "key": key, "correlation_ids": list(c.stored.correlation_ids)[:CORRELATIONS_KEPT]}
        for key, c in zip(keys, cells, strict=True)
    ]
    pending = Pending(channel, first.price_class, since, keys)
    document = envelope(channel, marks) | {
        "segment": f"{first.price_class}/{first.begins}",
        "price_class": first.price_class,
        "since": since,
        "pending": list(pending.row),
    }
    return Message(pending, dumps(document))
