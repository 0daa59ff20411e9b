"""What a kind of channel says of its own settings: the shape of `crossdock.connectors.<kind>.settings`.

Only the compilation of the configuration reads it: it needs pydantic, which a delivery can do without.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Protocol

from pydantic import BaseModel, ConfigDict, StringConstraints

SystemName = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]


@dataclass(frozen=True, slots=True)
class ChannelFacts:
    """What else of a channel its settings depend on: the kinds it hears of, its price classes, if it holds dates."""

    publishes: tuple[str, ...]
    price_classes: tuple[str, ...]
    dated: bool


class ChannelSettings(BaseModel):
    """A channel's own table: nothing unknown is let through."""

    model_config = ConfigDict(extra="forbid", strict=True)


class KindOfChannel(Protocol):
    """One kind's settings module."""

    Settings: type[ChannelSettings]

    def problems(self, settings: Mapping[str, Any], facts: ChannelFacts) -> Iterable[tuple[str, str]]:
        """(Place below the channel, what is wrong and the remedy) of what one setting alone cannot show."""
        ...


def shop_problems(settings: Mapping[str, Any], facts: ChannelFacts, own: str | None) -> list[tuple[str, str]]:
    """What every shop asks: a location for stock, a price list for each class but its `own`, and no dates."""
    found = []
    if "availability" in facts.publishes and settings["location"] is None:
        found.append(("settings.location", "is missing; name the shop's location whose stock is set"))
    lists = settings["price_lists"]
    found += [
        (f"settings.price_lists.{name}", "is missing; name the shop's price list that holds this class's prices")
        for name in facts.price_classes
        if name != own and name not in lists
    ]
    found += [
        (f"settings.price_lists.{name}", "is not among price_classes; add it there or leave it out")
        for name in lists
        if name not in facts.price_classes
    ]
    if "price" in facts.publishes and facts.dated:
        found.append(("dated", "a shop holds no prices that begin later; write dated = false"))
    return found
