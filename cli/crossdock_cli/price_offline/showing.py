"""Quotes and comparisons as people read them: plain tables, sentences, exact amounts."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from zoneinfo import ZoneInfo

from rich.markup import escape

from crossdock.flows.price_models import quote_document, rules_of
from crossdock_cli.output import table

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from rich.console import Console

    from crossdock.flows.price_models import Priced
    from crossdock_cli.price_offline.diffing import Change, Comparison

_QUOTED: Final = ("line", "item", ">quantity", "unit", ">unit price", ">extended", ">total", "rule", "reason")
_COMPARED: Final = (
    "item",
    ">quantity",
    ">old",
    ">new",
    ">old line",
    ">new line",
    ">difference",
    ">%",
    "old rules",
    "new rules",
)
_WHO: Final = ("customer", "ship_to", "branch", "region", "channel", "job", "freight_terms")


def quote(console: Console, answer: Priced, place: int | None, *, explain: bool, show: Sequence[str]) -> None:
    """One context's prices. `place` is its number where there are several."""
    found = quote_document(answer, show)
    if place is not None and place > 1:
        console.print()
    console.print(escape(_heading(answer, place)), style="bold")
    console.print(table(_QUOTED, [_row(line) for line in found["lines"]]), markup=False)
    totals = found["totals"]
    if len(found["lines"]) > 1:
        parts = ", ".join(f"{name} {totals[name]}" for name in ("extended", "surcharges", "freight"))
        without = f"; without {', '.join(found['unpriced'])}" if found["unpriced"] else ""
        console.print(f"total {totals['total']} {found['currency']} ({parts}{without})", markup=False)
    for line, resolution in zip(found["lines"], answer.lines, strict=True):
        for sentence in _statistics(line) if show else ():
            console.print(sentence, markup=False)
        if explain:
            console.print()
            console.print(resolution.explain(), markup=False)


def _heading(answer: Priced, place: int | None) -> str:
    said = answer.context.document()
    who = ", ".join(f"{name} {said[name]}" for name in _WHO if name in said) or "no customer named"
    known = f", as known at {_local(said['known_at'], answer.zone)}" if "known_at" in said else ""
    at = f"at {_local(said['at'], answer.zone)} {answer.zone or 'UTC'}"
    return f"{'' if place is None else f'{place}. '}{who}, {at}{known}, {said['currency']}"


def _local(instant: str, zone: str | None) -> str:
    """An instant by the distributor's clocks, with no more digits than it has."""
    local = datetime.fromisoformat(instant).astimezone(ZoneInfo(zone or "UTC")).replace(tzinfo=None)
    return local.isoformat(sep=" ", timespec="auto" if local.second or local.microsecond else "minutes")


def _row(line: Mapping[str, Any]) -> list[object]:
    if "unit_price" not in line:
        amounts: list[object] = [line["status"], "", ""]
    else:
        amounts = [line["unit_price"], line["extended_price"], line["total"]]
    return [
        line["line"],
        line["item"],
        line["quantity"],
        line["unit"],
        *amounts,
        next(iter(rules_of(line)), None),
        line["reason"],
    ]


def _statistics(line: Mapping[str, Any]) -> Iterator[str]:
    """What is shown apart from the price, to whom may see it (pricing rule 7)."""
    for name in ("rebates", "cost", "margin"):
        if line.get(name):
            yield f"  {line['item']}: {name} {_plain(line[name])}"


def _plain(value: object) -> str:
    if isinstance(value, list):
        return "; ".join(_plain(entry) for entry in value)
    if isinstance(value, dict):
        return ", ".join(f"{name} {_plain(entry)}" for name, entry in value.items())
    return str(value)


def difference(console: Console, found: Comparison, *, several: bool, changed_only: bool) -> None:
    """What changes, and the sum of it."""
    shown = found.shown(changed_only=changed_only)
    charges = any(c.difference("total") != c.difference("extended_price") for c in shown)
    columns = (*(("context", "customer") if several else ()), *_COMPARED, *((">with charges",) if charges else ()))
    if shown:
        rows = [_change(change, several=several, charges=charges) for change in shown]
        console.print(table(columns, rows), markup=False)
        console.print()
    summary = found.summary()
    console.print(f"{summary['changed']} of {summary['lines']} lines change, {summary['without_price']} have no price")
    for currency, sums in summary["totals"].items():
        console.print(f"{currency}: {sums['old']} before, {sums['new']} after, difference {sums['difference']}")
    if summary["totals"] and summary["compared"] < summary["lines"]:
        console.print(f"these are the sums of the {summary['compared']} lines with a price before and after")


def _change(change: Change, *, several: bool, charges: bool) -> list[object]:
    old, new = change.old, change.new
    return [
        *((change.context, change.customer) if several else ()),
        new["item"],
        f"{new['quantity']} {new['unit']}",
        old.get("unit_price", old["status"]),
        new.get("unit_price", new["status"]),
        old.get("extended_price", ""),
        new.get("extended_price", ""),
        change.difference("extended_price") if change.changed else "",
        change.percent() if change.changed else "",
        " + ".join(rules_of(old)),
        " + ".join(rules_of(new)),
        *((change.difference("total") if change.changed else "",) if charges else ()),
    ]
