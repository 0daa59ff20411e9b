"""A shop's own numbers for our items, from the cross-references that its products' webhooks declare, or an operator."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from crossdock.contracts.deliveries import Batch

_DIGITS: Final = 20


def shop_ids(
    batch: Batch, settings: Mapping[str, Any], known: Mapping[str, Sequence[str]], what: str
) -> tuple[dict[str, str], dict[str, str]]:
    """By key, the number behind the item's reference `what/<number>`; and the keys that have none, with the remedy."""
    ids, rejected = {}, {}
    system = settings["system"] or batch.channel
    for value in batch.values:
        numbers = [c.partition("/")[2] for c in known.get(value.sku, ()) if c.startswith(f"{what}/")]
        good = [n for n in numbers if n.isascii() and n.isdecimal() and len(n) <= _DIGITS]
        if len(good) == 1:
            ids[value.key] = good[0]
        elif good:
            rejected[value.key] = f"{system} knows it as several {what}/…: {', '.join(good)[:80]}; leave one of them"
        else:
            rejected[value.key] = (
                f"nothing says which {what} of {system} it is: crossdock xref add {system} {what}/NUMBER '{value.sku}'"
            )
    return ids, rejected
