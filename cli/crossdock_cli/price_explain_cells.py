"""What a channel holds of an item's price, as people read it: from the rules to the channel's acknowledgement."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from crossdock_cli.output import table
from crossdock_cli.price_explain_showing import rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console

_WINDOWS: Final = ("from", "to", "prices", "rules")
_STATES: Final = {
    "acknowledged": "the channel acknowledged what is published",
    "outdated": "the channel acknowledged another price than is published: it is about to be told",
    "not acknowledged": "the channel has not acknowledged what it was told",
    "being told": "it is being delivered at this moment",
    "never told": "the channel was never told",
}


def item(console: Console, document: Mapping[str, Any]) -> None:
    """The chain of a channel's item: today's price and why, what was published, delivered and acknowledged."""
    console.print(f"{document['channel']} holds {document['key']}: class {document['price_class']}", markup=False)
    for sentence in (*document["price"]["explanation"], *_published(document)):
        console.print(sentence, markup=False)
    if document["published"] and document["published"]["windows"]:
        console.print(table(_WINDOWS, [_window(w) for w in document["published"]["windows"]]), markup=False)
    for sentence in _delivery(document["delivery"]):
        console.print(sentence, markup=False)
    rules(console, document["rules"])
    for correlation_id in (document["published"] or {}).get("correlation_ids", ()):
        console.print(f"\nits way through the functions: crossdock trace {correlation_id}", markup=False)


def _published(document: Mapping[str, Any]) -> Iterator[str]:
    cell, again = document["published"], document["recomputed"]
    if cell is None:
        yield "\npublished: nothing" + ("" if again["equal"] else ", although there is a price: it is about to be")
        return
    ahead = f"; changes by itself {cell['next_change_at']}" if cell["next_change_at"] else ""
    yield f"\npublished: in {cell['currency']} per {cell['unit'] or 'unit'}, changed {cell['changed_at']}{ahead}"
    verdict = "equal" if again["equal"] else "NOT EQUAL: the rules make another price, which is about to be published"
    yield f"  recomputed from the rules as they are: {verdict}"


def _window(window: Mapping[str, Any]) -> tuple[object, ...]:
    tiers = "; ".join(_tier(tier) for tier in window["tiers"])
    return window["from"] or "now", window["to"], tiers, " + ".join(window["rules"])


def _tier(tier: Mapping[str, Any]) -> str:
    price = "not sold" if tier["unit_price"] is None else tier["unit_price"]
    per = f" ({tier['price']} per {tier['per']})" if "per" in tier else ""
    return f"from {tier['min_quantity']}: {price}{per}" + (", graduated" if tier.get("quote") else "")


def _delivery(found: Mapping[str, Any]) -> Iterator[str]:
    yield f"\ndelivery: {_STATES[found['state']]}"
    if "version" in found:
        yield f"  told version {found['version']}, {found['claimed_at']}"
    if "acknowledged_version" in found:
        windows = "; ".join(_window_text(w) for w in found["holds"]["windows"]) or "no price"
        yield f"  acknowledged version {found['acknowledged_version']}, {found['acknowledged_at']}: {windows}"
    if "waiting_since" in found:
        yield f"  waiting for its acknowledgement since {found['waiting_since']}"
    if refused := found.get("refused"):
        yield f"  refused {refused['last_seen']}: {refused['detail']}"
        yield f"  crossdock exceptions show {refused['exception']}"


def _window_text(window: Mapping[str, Any]) -> str:
    begins, _, tiers, _ = _window(window)
    return f"{begins} {tiers}"
