"""[channels.x.settings] of a Shopify shop. Read when configuration is compiled."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from crossdock.contracts.channel_kinds import ChannelFacts, ChannelSettings, SystemName, shop_problems
from crossdock.contracts.price_keys import LIST

_Number = Annotated[str, StringConstraints(pattern=r"^[1-9][0-9]{0,19}$")]


class Settings(ChannelSettings):
    """`system` is whose cross-references name the shop's ids: the channel's own name unless said.

    `own_prices` is the class whose prices are the variants' own; the other classes have a price list (B2B catalogue).
    Ids are the numbers at the end of Shopify's gid://.
    """

    system: SystemName | None = None
    location: _Number | None = None
    own_prices: SystemName = LIST
    price_lists: dict[SystemName, _Number] = Field(default_factory=dict)
    api_version: Annotated[str, StringConstraints(pattern=r"^20[0-9]{2}-(01|04|07|10)$")] = "2026-10"
    reason: Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,40}$")] = "correction"


def problems(settings: Mapping[str, Any], facts: ChannelFacts) -> list[tuple[str, str]]:
    """What one setting alone cannot show."""
    found = shop_problems(settings, facts, settings["own_prices"])
    if settings["own_prices"] in settings["price_lists"]:
        found.append((f"settings.price_lists.{settings['own_prices']}", "is own_prices too; leave out one of the two"))
    if settings["api_version"] < "2026-04":
        # Before, a set without a comparison was asked for by another field.
        found.append(("settings.api_version", "must be 2026-04 or later"))
    return found
