"""Who may read which price book, and which page of it is asked for."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import quote

from crossdock.config import BusinessConfig, PriceClass
from crossdock.platform.http import Partner
from crossdock.platform.problems import FieldError, Problem
from crossdock.pricing.books import MAX_ITEMS

BOOKS_SCOPE: Final = "prices:books"
_USUAL: Final = 500


def path_of(price_class: str) -> str:
    """Where a book is, from the API's own address."""
    return f"/v1/price-books/{quote(price_class)}"


def readable(name: str, partner: Partner, business: BusinessConfig) -> PriceClass:
    """The class, if the partner may read its book: its own customer's or channel's, or any with the scope for books.

    Raises a 404 problem for any other, as if it were not there.
    """
    found = business.price_classes.get(name)
    if found is None or not _may_read(found, partner):
        mine = ", ".join(n for n, c in business.price_classes.items() if _may_read(c, partner)) or "none"
        raise Problem(
            404,
            "no-such-price-class",
            f"There is no price class {name[:40]!r} that this key may read.",
            [FieldError("class", "unknown", f"name one of: {mine}")],
        )
    return found


def asked_limit(query: Mapping[str, str]) -> int:
    """How many items a page may have. Raises a 422 problem naming the parameter."""
    for name in query:
        if name not in {"limit", "cursor"}:
            raise _bad(name[:60], "unknown", "leave it out, or send one of: limit, cursor")
    said = query.get("limit", str(_USUAL))
    if not (said.isascii() and said.isdecimal() and len(said) <= len(str(MAX_ITEMS)) and 1 <= int(said) <= MAX_ITEMS):
        raise _bad("limit", f"{said[:20]!r} is no number of items", f"send 1 to {MAX_ITEMS}, or leave it out")
    return int(said)


def _may_read(price_class: PriceClass, partner: Partner) -> bool:
    if price_class.customer is not None and not partner.serves(price_class.customer):
        return False
    if price_class.channel is not None and price_class.channel not in partner.channels:
        return False
    owned = price_class.customer is not None or price_class.channel is not None
    return owned or BOOKS_SCOPE in partner.scopes


def _bad(field: str, problem: str, remedy: str) -> Problem:
    error = FieldError(field, problem, remedy)
    return Problem(422, "invalid-question", f"{field}: {problem}. Remedy: {remedy}.", [error])
