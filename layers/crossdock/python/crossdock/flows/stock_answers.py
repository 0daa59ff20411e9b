"""Answering questions about stock: how items stand, what is to come, and what could be had instead."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crossdock.contracts.items import ItemProfile
from crossdock.flows.asking import ListedItem, ListQuestion
from crossdock.inventory import answers
from crossdock.inventory.answers import Answer, Question
from crossdock.inventory.standing import ItemStanding
from crossdock.inventory.standing_store import StandingStore
from crossdock.inventory.supply_store import SupplyStore
from crossdock.quantities import Quantity, to_json

Profiles = Callable[[Iterable[str]], Mapping[str, ItemProfile]]
"""The profiles of those items that have one."""


@dataclass(frozen=True, slots=True)
class StockAnswers:
    """Answers from the stores. `warehouses` are all of the distributor's."""

    standings: StandingStore
    supplies: SupplyStore
    profiles: Profiles
    warehouses: Sequence[str]

    def availability(self, sku: str, question: Question, *, with_supply: bool) -> dict[str, Any] | None:
        """One item; None when nothing was ever recorded of it where it was asked for. 1 round trip, 2 with supply."""
        item = self.standings.item(sku, question.audience.warehouses)
        supply = self.supplies.expected(sku) if with_supply else None
        if item is None and supply:
            item = ItemStanding(sku, (), {})
        if item is None:
            return None
        return self._with_substitutes({sku: answers.availability(item, question, supply)}, {sku: question})[sku]

    def by_date(self, sku: str, question: Question) -> dict[str, Any] | None:
        """What can be promised of one item by date; None when nothing is known of it. 2 round trips."""
        item = self.standings.item(sku, question.audience.warehouses)
        supply = self.supplies.expected(sku)
        if item is None and not supply:
            return None
        answer = answers.by_date(item or ItemStanding(sku, (), {}), question, supply)
        return self._with_substitutes({sku: answer}, {sku: question})[sku]

    def many(self, asked: ListQuestion) -> list[dict[str, Any]]:
        """Many items, in the order asked; of one that is unknown its document says so. 100 keys to a round trip."""
        question = asked.question
        by_date = question.on is not None
        whole = set(question.audience.warehouses) == set(self.warehouses) or asked.in_transit or by_date
        every = self.warehouses if whole else None
        standings = self.standings.items([i.sku for i in asked.items], question.audience.warehouses, every)
        questions = {i.sku: _about(i, question) for i in asked.items}
        found: dict[str, Answer] = {}
        for sku, mine in questions.items():
            supply = self.supplies.expected(sku) if by_date else None
            item = standings.get(sku) or (ItemStanding(sku, (), {}) if supply else None)
            if item:
                found[sku] = answers.availability(item, mine, supply)
        documents = self._with_substitutes(found, questions)
        return [documents.get(i.sku) or _unknown(i.sku) for i in asked.items]

    def _with_substitutes(
        self, found: Mapping[str, Answer], questions: Mapping[str, Question]
    ) -> dict[str, dict[str, Any]]:
        """The documents; those whose quantity cannot be had, with the substitutes that have it now.

        Costs nothing when everything suffices; else a read of the short items' profiles and one of their substitutes.
        """
        short = [sku for sku, answer in found.items() if not answer.suffices]
        if not short:
            return {sku: answer.document for sku, answer in found.items()}
        offered = {sku: profile.substitutes for sku, profile in self.profiles(short).items()}
        audience = questions[short[0]].audience
        names = {name for some in offered.values() for name in some}
        standings = self.standings.items(sorted(names), audience.warehouses) if names else {}
        free = {name: answers.available(s, audience, questions[short[0]].now) for name, s in standings.items()}
        documents = {}
        for sku, answer in found.items():
            documents[sku] = answer.document
            if not answer.suffices:
                wanted = questions[sku].quantity
                documents[sku]["substitutes"] = _those_that_have_it(offered.get(sku, ()), free, wanted, sku)
        return documents


def _about(item: ListedItem, question: Question) -> Question:
    return Question(question.audience, question.now, question.today, item.quantity, question.on)


def _those_that_have_it(
    offered: Sequence[str], free: Mapping[str, Quantity], wanted: Quantity | None, sku: str
) -> list[dict[str, Any]]:
    return [
        {"sku": name, "available": to_json(free[name])}
        for name in offered
        if name != sku and name in free and wanted is not None and free[name] >= wanted
    ]


def _unknown(sku: str) -> dict[str, Any]:
    return {
        "sku": sku,
        "error": {
            "type": "urn:crossdock:problem:no-stock-record",
            "detail": "Nothing was ever recorded of this item where it was asked for.",
            "remedy": "use our item code, not your own; an item appears with its first movement",
        },
    }
