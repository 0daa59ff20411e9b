"""Price rules to measure with: as many as wished, always twenty to an item, so that a line has twenty candidates or so.

Of the twenty, sixteen say something of the item to many: its list with breaks, channels, branches, regions, segments,
discounts, floor, cost. Four are contracts of single customers, forty to a customer. A few rules more are about whole
families and all items, however many items there are. So what grows with the rules is the number of items and customers,
as it does for a distributor. More `segments` make the other case, where rules crowd on few items. One customer, the
key account, has contracts on five hundred items, so many that they do not fit into one row.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

PER_ITEM: Final = 20
CONTRACTS: Final = 4
PER_CUSTOMER: Final = 40
FAMILIES: Final = 20
KEY_ACCOUNT: Final = "KEY-ACCOUNT"
KEY_CONTRACTS: Final = 500
SEGMENTS: Final = ("bronze", "silver", "gold", "platinum")
_BRANCHES: Final = ("leeds", "york")
_REGIONS: Final = ("north", "south", "islands")
_CHANNELS: Final = ("webshop", "marketplace")
_SINCE: Final = "2025-01-01T00:00:00.000000Z"
Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Catalogue:
    """So many rules, by construction: every rule, item and customer follows from its number."""

    rules: int
    segments: int = len(SEGMENTS)

    @property
    def per_item(self) -> int:
        return PER_ITEM - len(SEGMENTS) + self.segments

    @property
    def items(self) -> int:
        return self.rules // self.per_item

    @property
    def customers(self) -> int:
        return max(1, self.items * CONTRACTS // PER_CUSTOMER)

    def item(self, number: int) -> Document:
        """The facts of an item."""
        return {"item": sku(number), "unit": "EA", "units": {"CS": "12"}, "families": [family(number)]}

    def customer(self, number: int) -> Document:
        """The facts of a customer."""
        return {
            "customer": party(number),
            "segments": [self.segment(number)],
            "currency": "GBP",
            "branch": _BRANCHES[number % 2],
            "region": _REGIONS[number % 3],
        }

    def segment(self, number: int) -> str:
        return SEGMENTS[number] if number < len(SEGMENTS) else f"segment-{number % self.segments}"

    def of_item(self, number: int) -> list[Document]:
        """The rules that name an item, contracts apart."""
        about, cents = {"item": sku(number)}, 500 + number % 700
        return [
            _rule("list", number, about, _tiers(cents, cents - 40, cents - 70)),
            *(_rule(f"at-{c}", number, about | {"channels": [c]}, _tiers(cents + 20)) for c in _CHANNELS),
            *(_rule(f"in-{b}", number, about | {"branch": b}, _tiers(cents + 9, cents - 31)) for b in _BRANCHES),
            *(_rule(f"in-{r}", number, about | {"region": r}, _tiers(cents + 15)) for r in _REGIONS),
            *(self._segment(number, n, cents) for n in range(self.segments)),
            _rule(
                "promotion", number, about, _tiers(500), layer="discount", operation="percent", concurrency="compound"
            ),
            _rule("volume", number, about, _tiers(5, 10), layer="discount", operation="amount", band=5),
            _rule("floor", number, about, _tiers(1000), layer="floor", operation="margin"),
            _rule("cost", number, about, _tiers(cents * 6 // 10), layer="cost"),
        ]

    def contracts(self, customer: int) -> Iterator[Document]:
        """The contracts of a customer: on items all over the catalogue."""
        for n in range(PER_CUSTOMER):
            number = (customer * PER_CUSTOMER + n) % self.items
            about = {"item": sku(number), "customer": party(customer)}
            yield _rule(f"for-{party(customer)}", number, about, _tiers(450 + number % 700, 420 + number % 700))

    def of_key_account(self) -> Iterator[Document]:
        """The contracts of the key account: see `key_account_items`."""
        for number in key_account_items(self):
            about = {"item": sku(number), "customer": KEY_ACCOUNT}
            yield _rule("for-key-account", number, about, _tiers(400 + number % 700, 380 + number % 700))

    def common(self) -> Iterator[Document]:
        """Rules about families and all items: as many as there are families, not items."""
        for n in range(FAMILIES):
            yield _rule(
                f"family-{n}", 0, {"family": family(n)}, _tiers(200), layer="discount", operation="percent", band=9
            )
        yield _rule("everything", 0, {}, _tiers(100), layer="discount", operation="percent", concurrency="always")
        yield _rule("handling", 0, {}, _tiers(25), layer="surcharge", per="line")

    def _segment(self, number: int, n: int, cents: int) -> Document:
        about = {"item": sku(number), "segment": self.segment(n)}
        return _rule(f"for-{self.segment(n)}", number, about, _tiers(cents - n % 50, cents - 20 - n % 50))


def key_account_items(catalogue: Catalogue) -> list[int]:
    """The items that the key account has contracts on, over the catalogue and all families."""
    count = min(KEY_CONTRACTS, catalogue.items)
    apart = catalogue.items // count
    return [n * apart + n % apart for n in range(count)]


def sku(number: int) -> str:
    return f"P-{number:07d}"


def party(number: int) -> str:
    return f"C-{number:06d}"


def family(number: int) -> str:
    return f"F-{number % FAMILIES:02d}"


def _tiers(*hundredths: int) -> list[Document]:
    """From 1, 12, 48 units on."""
    starts = (1, 12, 48)
    return [{"min_quantity": s, "value": f"{h // 100}.{h % 100:02d}"} for s, h in zip(starts, hundredths, strict=False)]


def _rule(kind: str, number: int, about: Document, tiers: list[Document], **other: Any) -> Document:
    """A rule in the normalised form."""
    named = f"{kind}-{number}"
    operation = other.get("operation", "fixed")
    money = {"currency": "GBP"} if operation in {"fixed", "amount"} else {}
    return (
        {"rule_id": named, "version": 1, "valid_from": _SINCE, "unit": "EA", "scope": about, "tiers": tiers}
        | money
        | other
    )
