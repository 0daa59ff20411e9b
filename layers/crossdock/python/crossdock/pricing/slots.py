"""Where a rule stands: one row, found from its scope alone, so that a quote's keys do not depend on how many there are.

J#<job>   / SHEET       what names a job
K#<party> / SHEET       else what names a customer (its ship-tos too) or a parent: the party's contract
I#<sku>   / SHEET       else what names an item
F#<family>/ SHEET       else what names a family
F#*       / SHEET       what is about all items

A sheet that passes its size gives a dimension away: the rules that name it stand in a row for each value, whose key
says which: `S#gold`, `I#SKU-1`, and below a row that has grown too large again `I#SKU-1#T#yard-2`. Who reads a sheet
that says so reads the rows of its context as well and no others.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from crossdock.pricing.scopes import Scope

SHEET: Final = "SHEET"
ALL_ITEMS: Final = "*"

Place = tuple[str, str]
"""Partition and sort key of a row that rules stand in."""

DIMENSIONS: Final = MappingProxyType(
    {"I": "item", "F": "family", "T": "ship_to", "S": "segment", "B": "branch", "G": "region"}
)
"""The dimensions that a sheet can give away, by letter."""

_OF_A_KIND: Final = MappingProxyType({"I": "SBG", "F": "SBG", "K": "IFTSBG", "J": "IFTSBG"})

PINNED: Final = ("job", "customer", "ship_to", "parent", "segment", "item", "family", "branch", "region")
"""What a rule is about for ever. Channels and freight terms decide of no row, so a new version may change them."""


def target(scope: Scope) -> dict[str, str]:
    """What a rule is about for ever, by name."""
    return {name: value for name in PINNED if (value := getattr(scope, name)) is not None}


def home(scope: Scope) -> Place:
    """The sheet that a rule belongs to, whether it stands there or in one of the rows below it."""
    if scope.job is not None:
        return f"J#{scope.job}", SHEET
    party = scope.customer if scope.customer is not None else scope.parent
    if party is not None:
        return f"K#{party}", SHEET
    if scope.item is not None:
        return f"I#{scope.item}", SHEET
    return f"F#{ALL_ITEMS if scope.family is None else scope.family}", SHEET


def item_sheet(sku: str) -> Place:
    return f"I#{sku}", SHEET


def family_sheet(family: str) -> Place:
    return f"F#{family}", SHEET


def contract(party: str) -> Place:
    return f"K#{party}", SHEET


def job_sheet(job: str) -> Place:
    return f"J#{job}", SHEET


def below(place: Place, dimension: str, value: str) -> Place:
    """The row of one value of a dimension that a sheet, or a row below one, has given away."""
    pk, sk = place
    return pk, f"{'' if sk == SHEET else sk + '#'}{dimension}#{value}"


@dataclass(frozen=True, slots=True)
class Path:
    """What a row's key says: its kind, whom or what its sheet is about, and the dimensions below it by letter."""

    kind: str
    subject: str
    values: Mapping[str, str]

    def named(self) -> dict[str, str]:
        """The dimensions by their names."""
        return {DIMENSIONS[letter]: value for letter, value in self.values.items()}


def path(place: Place) -> Path:
    """What the key of a rule row says. Raises ValueError for a key that is none."""
    kind, _, subject = place[0].partition("#")
    parts = [] if place[1] == SHEET else place[1].split("#")
    if kind not in _OF_A_KIND or not subject or len(parts) % 2 or not set(parts[::2]) <= DIMENSIONS.keys():
        raise ValueError(f"{place!r} is no row of price rules")
    return Path(kind, subject, dict(zip(parts[::2], parts[1::2], strict=True)))


def is_rule_row(place: Place) -> bool:
    """Whether rules stand in a row of this key: a sheet, or a row below one."""
    head = place[0][:2]
    return head in {"I#", "F#", "K#", "J#"} and (place[1] == SHEET or place[1][:2] in _BELOW)


_BELOW: Final = frozenset(f"{letter}#" for letter in DIMENSIONS)


def dimensions(place: Place) -> str:
    """The letters of the dimensions that a row can give away."""
    found = path(place)
    return "".join(d for d in _OF_A_KIND[found.kind] if d not in found.values)


def next_below(place: Place, given_away: str, scope: Scope) -> Place | None:
    """The row below this one where a rule of this scope belongs; None when it belongs here.

    `given_away` are the letters in the order in which they were given away. A rule that names several belongs to the
    first of them, so it stays in its row when another dimension follows.
    """
    for letter in given_away:
        value = getattr(scope, DIMENSIONS[letter])
        if value is not None:
            return below(place, letter, value)
    return None


def implied(place: Place) -> dict[str, str]:
    """What a row's key says of the scope of every rule in it. A party is the customer; an entry says if the parent."""
    found = path(place)
    named = found.named()
    match found.kind:
        case "I":
            named["item"] = found.subject
        case "F" if found.subject != ALL_ITEMS:
            named["family"] = found.subject
        case "K":
            named["customer"] = found.subject
        case "J":
            named["job"] = found.subject
    return named
