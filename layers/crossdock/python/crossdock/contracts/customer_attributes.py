"""What can be said of a customer: the attributes' names, the kind of value of each, and for what it may be said apart.

name                          one for the customer
credit_limit@company:uk       for one of our companies, one warehouse or one channel alone
ship_to/STQ4…, contact/CTQ4…  one of many: a whole document each
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, Literal, TypeAlias

from crossdock.contracts.countries import country_code

Value: TypeAlias = str | bool | list[str] | dict[str, str | None] | None
"""A value as JSON holds it: a text, a flag, a list of texts, a document of texts; None: emptied. Never a number."""

Kind: TypeAlias = Literal["text", "flag", "amount", "date", "country", "currency", "texts", "contact", "ship_to"]

ATTRIBUTES: Final[Mapping[str, Kind]] = MappingProxyType(
    {
        # who it is
        "name": "text",
        "legal_name": "text",
        "number": "text",
        "type": "text",
        "parent": "text",
        "phone": "text",
        "email": "text",
        "website": "text",
        "language": "text",
        # where it is billed, and where goods go if nothing else is said
        "billing_street": "text",
        "billing_city": "text",
        "billing_region": "text",
        "billing_postcode": "text",
        "billing_country": "country",
        "shipping_street": "text",
        "shipping_city": "text",
        "shipping_region": "text",
        "shipping_postcode": "text",
        "shipping_country": "country",
        # tax
        "tax_id": "text",
        "tax_jurisdiction": "text",
        "tax_exempt": "flag",
        "tax_exemption": "text",
        "tax_exempt_until": "date",
        # money
        "currency": "currency",
        "terms": "text",
        "credit_limit": "amount",
        "credit_used": "amount",
        "credit_currency": "currency",
        "credit_hold": "flag",
        "credit_hold_reason": "text",
        # how it is sold to
        "price_group": "text",
        "segments": "texts",
        "contracts": "texts",
        "territory": "text",
        "lead_source": "text",
        "account_manager": "text",
        # how it is served
        "freight_terms": "text",
        "carrier": "text",
        "service_level": "text",
        "delivery_instructions": "text",
        # of which there are many
        "ship_to": "ship_to",
        "contact": "contact",
    }
)
"""Every attribute with the kind of its value. Of the last two each is said by its canonical id."""

DIMENSIONS: Final = ("company", "warehouse", "channel")
"""For what an attribute may be said apart."""

FIELDS: Final[Mapping[Kind, tuple[str, ...]]] = MappingProxyType(
    {
        "contact": ("name", "email", "phone", "role", "language"),
        "ship_to": (
            "name",
            "street",
            "city",
            "region",
            "postcode",
            "country",
            "warehouse",
            "carrier",
            "delivery_instructions",
        ),
    }
)
"""The parts of the documents, each a text or nothing."""

MAX_TEXT: Final = 500
MAX_TEXTS: Final = 50

_AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,6})?")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff]")
_SCOPED = re.compile(r"([a-z_]{1,40})@([a-z]{1,20}):([A-Za-z0-9_.-]{1,60})")
_ONE_OF_MANY = re.compile(r"(contact|ship_to)/([A-Za-z0-9_-]{1,60})")


class AttributeNameError(ValueError):
    """A name that is no attribute's; its text says what to write instead."""


@dataclass(frozen=True, slots=True)
class Named:
    """An attribute's name in its parts: what is said, and for what alone (`company`, `uk`) or of which one (`one`)."""

    base: str
    dimension: str | None = None
    scope: str | None = None
    one: str | None = None

    @property
    def kind(self) -> Kind:
        """The kind of its value."""
        return ATTRIBUTES[self.base]


def named(attribute: str) -> Named:
    """The parts of a name. Raises AttributeNameError for one that is none, with the remedy."""
    if attribute in ATTRIBUTES:
        if attribute in FIELDS:
            raise AttributeNameError(f"{attribute!r} is one of many; write which one, as {attribute}/ID")
        return Named(attribute)
    if match := _ONE_OF_MANY.fullmatch(attribute):
        return Named(match[1], one=match[2])
    match = _SCOPED.fullmatch(attribute)
    if match is None or match[1] not in ATTRIBUTES or match[1] in FIELDS:
        raise AttributeNameError(
            f"{attribute[:80]!r} is no attribute of a customer; use one of {', '.join(ATTRIBUTES)}, or one of them for "
            "a company, warehouse or channel alone, as credit_limit@company:uk"
        )
    if match[2] not in DIMENSIONS:
        raise AttributeNameError(f"{attribute!r}: {match[2]!r} is none of {', '.join(DIMENSIONS)}")
    return Named(match[1], match[2], match[3])


def checked(attribute: str, value: Any) -> Value:
    """The value in its one form. Raises AttributeNameError, or ValueError saying what fits and what to send instead."""
    kind = named(attribute).kind
    if value is None:
        return None
    if kind == "flag":
        if not isinstance(value, bool):
            raise ValueError("is not true or false; send one of them, without quotes")
        return value
    if kind == "texts":
        return _texts(value)
    if kind in FIELDS:
        return _document(kind, value)
    return _of_kind(kind, _text(value))


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("is not a text; send it in quotes")  # noqa: TRY004 - pydantic wants ValueError
    if not value.strip():
        raise ValueError("is an empty text; send null to empty it, or leave it out")
    if len(value) > MAX_TEXT or _CONTROL.search(value):
        raise ValueError(f"is longer than {MAX_TEXT} characters or holds control characters; shorten or correct it")
    return value


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or len(value) > MAX_TEXTS:
        raise ValueError(f"is not a list of at most {MAX_TEXTS} texts; send one, as [] or as ['trade']")
    found = [_text(entry) for entry in value]
    if len(set(found)) < len(found):
        raise ValueError("names one thing twice; name it once")
    # What a customer belongs to has no order.
    return sorted(found)


def _document(kind: Kind, value: Any) -> dict[str, str | None]:
    if not isinstance(value, dict):
        raise ValueError(f"is not an object; send one with {', '.join(FIELDS[kind])}")  # noqa: TRY004 - as above
    unknown = sorted(set(map(str, value)) - set(FIELDS[kind]))
    if unknown:
        raise ValueError(f"has a field {unknown[0][:60]!r}; it may have {', '.join(FIELDS[kind])}")
    found: dict[str, str | None] = {}
    for name in FIELDS[kind]:
        if value.get(name) is None:
            continue
        try:
            text = _text(value[name])
            found[name] = _of_kind("country", text) if name == "country" else text
        except ValueError as exc:
            raise ValueError(f"{name} {exc}") from exc
    if not found:
        raise ValueError("says nothing; send null to take it away, or leave it out")
    return found


def _of_kind(kind: Kind, text: str) -> str:
    if kind == "amount":
        if not _AMOUNT.fullmatch(text):
            raise ValueError('is no plain amount; send digits with at most one point in a text, as "2500.00"')
        return _plain(Decimal(text))
    if kind == "country":
        code = country_code(text)
        if code is None:
            raise ValueError('is no country; send its two letters (ISO 3166), as "GB"')
        return code
    if kind == "currency" and not _CURRENCY.fullmatch(text):
        raise ValueError('is no currency; send its three letters (ISO 4217), as "GBP"')
    if kind == "date":
        try:
            return date.fromisoformat(text).isoformat()
        except ValueError as exc:
            raise ValueError('is no date; send one of the calendar, as "2027-03-31"') from exc
    return text


def _plain(amount: Decimal) -> str:
    """One text for one amount: 2500, 2500.0 and 2500.00 are the same limit."""
    text = f"{amount.normalize():f}"
    return "0" if text in {"-0", "0"} else text
