"""An item's profile is kept by identity; prices keep what they need of it beside the item's rules."""

from collections.abc import Callable, Iterable, Mapping

from crossdock.contracts.items import ItemProfile
from crossdock.pricing.context import ItemFacts
from crossdock.pricing.facts import ItemStated
from crossdock.pricing.profiles import Profiles

ReadProfiles = Callable[[Iterable[str]], Mapping[str, ItemProfile]]
"""The profiles that there are of these items."""


def tell_prices(profiles: ReadProfiles, prices: Profiles, skus: Iterable[str], source: str, correlation_id: str) -> int:
    """Gives prices the profiles as identity keeps them now; how many of the items have one.

    What is kept is told, and not what was sent: so a profile that was refused, or came late, changes no price either,
    and after a death in between the same event makes up for it. 1 RCU and the facts' own cost for each.
    """
    kept = profiles(skus)
    prices.keep_items([ItemStated(facts_of(p), p.version, source) for p in kept.values()], correlation_id)
    return len(kept)


def facts_of(profile: ItemProfile) -> ItemFacts:
    """What prices depend on of an item's profile."""
    return ItemFacts(
        profile.sku, profile.unit, profile.units, profile.families, profile.mix_groups, profile.substitutes
    )
