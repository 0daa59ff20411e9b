"""Whether everything that was accepted is there, once, and nothing else is."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.upgrade_drill.load import ITEMS, OPENING

if TYPE_CHECKING:
    from tests.support.system import System
    from tests.upgrade_drill.load import Accepted
    from tests.upgrade_drill.subscribers import Subscriber


@dataclass(frozen=True)
class Count:
    """What one kind of fact came to: accepted, found as accepted, missing, found twice or otherwise."""

    what: str
    accepted: int
    found: int
    lost: int
    wrong: int
    examples: tuple[str, ...] = ()
    """What is wrong, in words, of a few."""

    @property
    def sound(self) -> bool:
        return not self.lost and not self.wrong

    def document(self) -> dict[str, Any]:
        return {
            "what": self.what,
            "accepted": self.accepted,
            "found": self.found,
            "lost": self.lost,
            "wrong": self.wrong,
            "examples": list(self.examples),
        }


def count(system: System, accepted: Accepted, old: Subscriber, new: Subscriber) -> list[Count]:
    """Every kind of fact, from what is stored and what a caller is answered."""
    rows = system.rows("inventory")
    return [
        _movements(rows, accepted),
        _balances(system, accepted),
        _supply(rows, accepted),
        _events("events in version 1", old, set(accepted.supply)),
        # The newer form went out from the first canary to the rollback: each fact at most once, none unreadable.
        _events("events in version 2", new, set(new.seen)),
        _holds(system, rows, accepted),
        _quotes(system, accepted),
        _exceptions(system),
    ]


def projected(rows: list[dict[str, Any]]) -> bool:
    """Whether every movement of the drill's items is in their balances."""
    left = Counter(dict.fromkeys(ITEMS, 0))
    for row in rows:
        if row["pk"].startswith("M#UPG-"):
            left[row["pk"].split("#")[1]] += row["q"]
        elif _is_header(row):
            left[row["pk"][2:]] -= row["oh"]
    return not any(left.values())


def _is_header(row: dict[str, Any]) -> bool:
    """Whether it is the balance of one of the drill's items, and not a shard of it."""
    return row["pk"].startswith("T#UPG-") and row["pk"].count("#") == 1 and row["sk"] == "A#MAIN" and "oh" in row


def _movements(rows: list[dict[str, Any]], accepted: Accepted) -> Count:
    journal = [
        (r["sk"].split("#", 1)[1], r["pk"].split("#")[1], r["q"])
        for r in rows
        if r["pk"].startswith("M#UPG-") and not r["sk"].split("#", 1)[1].startswith("upg-open-")
    ]
    times = Counter(id_ for id_, _, _ in journal)
    right = {id_ for id_, sku, q in journal if accepted.movements.get(id_) == (sku, q)}
    lost = accepted.movements.keys() - times.keys()
    twice = sum(times.values()) - len(times)
    return Count(
        "movements in the journal", len(accepted.movements), len(right), len(lost), twice + len(times) - len(right)
    )


def _balances(system: System, accepted: Accepted) -> Count:
    """What a partner is answered: an item may have become hot meanwhile, and stand in shards."""
    on_hand, held = Counter(dict.fromkeys(ITEMS, OPENING)), Counter[str]()
    for sku, quantity in accepted.movements.values():
        on_hand[sku] += quantity
    for sku, quantity in accepted.holds.values():
        held[sku] += quantity
    wanted = {sku: (on_hand[sku], held[sku], on_hand[sku] - held[sku]) for sku in ITEMS}
    answers = {sku: system.availability(sku) or {} for sku in ITEMS}
    found = {sku: tuple(answers[sku].get(name) for name in ("on_hand", "reserved", "available")) for sku in ITEMS}
    wrong = [sku for sku in ITEMS if found[sku] != wanted[sku]]
    examples = tuple(f"{sku}: on hand, held, available {found[sku]} and not {wanted[sku]}" for sku in wrong)
    return Count("balances to the unit", len(ITEMS), len(ITEMS) - len(wrong), 0, len(wrong), examples)


def _supply(rows: list[dict[str, Any]], accepted: Accepted) -> Count:
    newest: dict[str, tuple[int, int]] = {}
    for (line, version), (_, quantity) in accepted.supply.items():
        newest[line] = max(newest.get(line, (0, 0)), (version, quantity))
    kept = {r["sk"].removeprefix("P#MAIN#"): (r["ov"], r["oq"]) for r in rows if r["sk"].startswith("P#MAIN#PO-UPG/")}
    right = [line for line, said in newest.items() if kept.get(line) == said]
    return Count(
        "lines of supply, newest kept",
        len(newest),
        len(right),
        len(newest.keys() - kept.keys()),
        len(newest) - len(right),
    )


def _events(what: str, subscriber: Subscriber, wanted: set[tuple[str, int]]) -> Count:
    once = {key for key, times in subscriber.seen.items() if times == 1 and key in wanted}
    lost = wanted - subscriber.seen.keys()
    wrong = len(subscriber.unreadable) + len(subscriber.seen) - len(once)
    return Count(what, len(wanted), len(once), len(lost), wrong)


def _holds(system: System, rows: list[dict[str, Any]], accepted: Accepted) -> Count:
    kept = {r["pk"].removeprefix("RSV#") for r in rows if r["pk"].startswith("RSV#")}
    answered = 0
    for rid, (sku, quantity) in accepted.holds.items():
        answer = system.http.get(f"/v1/reservations/{rid}", headers={"X-Api-Key": system.key})
        lines = answer.json().get("lines", []) if answer.status_code == 200 else []
        answered += [(line["sku"], line["quantity"]) for line in lines] == [(sku, quantity)]
    ours = len(accepted.holds)
    return Count("reservations, asked for again", ours, answered, ours - answered, max(0, len(kept) - ours))


def _quotes(system: System, accepted: Accepted) -> Count:
    right = 0
    for qid, price in accepted.quotes.items():
        answer = system.http.get(f"/v1/quotes/{qid}", headers={"X-Api-Key": system.key})
        right += answer.status_code == 200 and answer.json()["lines"][0]["extended_price"] == price
    return Count("quotes, asked for again", len(accepted.quotes), right, len(accepted.quotes) - right, 0)


def _exceptions(system: System) -> Count:
    left = len(system.rows("exceptions")) + sum(d for q, d in system.depths().items() if q.endswith("-dlq"))
    return Count("exceptions and dead letters", 0, 0, 0, left)
