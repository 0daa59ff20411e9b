"""[channels.x.settings] of a BigCommerce store. Read when configuration is compiled."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field

from crossdock.contracts.channel_kinds import ChannelFacts, ChannelSettings, SystemName, shop_problems

_Number = Annotated[int, Field(ge=1, le=2_147_483_647)]


class Settings(ChannelSettings):
    """`system` is whose cross-references name the store's ids: the channel's own name unless said.

    Every class has a price list; assign the one of the list prices to the store's channel.
    """

    system: SystemName | None = None
    location: _Number | None = None
    price_lists: dict[SystemName, _Number] = Field(default_factory=dict)


def problems(settings: Mapping[str, Any], facts: ChannelFacts) -> list[tuple[str, str]]:
    """What one setting alone cannot show."""
    return shop_problems(settings, facts, own=None)
