"""The rules of a class's cells, and who stands for the class, as they are at this moment."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from crossdock import config
from crossdock.flows.price_publication import buyers
from crossdock.platform.clock import Clock
from crossdock.pricing.candidates import Ask, Candidates
from crossdock.pricing.context import Context
from crossdock.pricing.instants import instant_text
from crossdock.pricing.publishing import Found, Read


def reading(candidates: Candidates) -> Read:
    """How the publisher reads: consistently, for a change that it was told of must be in what it finds."""

    def read(buyer: Context, skus: Sequence[str]) -> Found:
        return candidates.read(_ask(buyer, skus), consistent=True)

    return read


def _ask(buyer: Context, skus: Sequence[str]) -> Ask:
    return Ask(
        customer=buyer.customer,
        branch=buyer.branch,
        region=buyer.region,
        channel=buyer.channel,
        skus=tuple(skus),
        segments=buyer.segments,
        parents=buyer.parents,
    )


@dataclass(frozen=True, slots=True)
class BuyerOf:
    """Who stands for a class by its name; None for a class that is not configured any more."""

    classes: Mapping[str, config.PriceClass]
    candidates: Candidates
    clock: Clock

    def __call__(self, price_class: str) -> Context | None:
        """A class of one customer is read anew each time: 1 RCU, and its cells hang on it."""
        said = self.classes.get(price_class)
        if said is None:
            return None
        profiles = {}
        if said.customer is not None:
            profile = self.candidates.read(Ask(customer=said.customer, skus=()), consistent=True).profile
            profiles = {said.customer: profile} if profile else {}
        return buyers({price_class: said}, profiles, instant_text(self.clock()))[price_class]
