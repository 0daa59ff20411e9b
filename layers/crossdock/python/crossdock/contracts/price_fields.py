"""The field types of price documents: each says what is wrong with a value and what to send instead."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from crossdock import quantities
from crossdock.contracts.price_words import CURRENCIES

MAX_VALUE = Decimal(10) ** 12
MAX_PLACES = 6
MAX_QUANTITY = 10**9
FIRST_YEAR, LAST_YEAR = 1900, 9000
"""Dates outside of these years are a way of saying "always" or "for ever", which is said by leaving out."""


def fault(problem: str, remedy: str) -> PydanticCustomError:
    """What is wrong with a field and what to do about it; both reach the sender."""
    return PydanticCustomError("price_document", "{problem}", {"problem": problem, "remedy": remedy})


_AMOUNT = re.compile(r"[0-9]{1,13}(\.[0-9]{1,6})?")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[Tt ][0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?([Zz]|[+-][0-9]{2}:[0-9]{2})"
)
_MOMENT_REMEDY = 'send an instant such as "2026-03-01T00:00:00Z", or a business date such as "2026-03-01"'
_INSTANT_REMEDY = 'send an instant with its offset from UTC, such as "2026-03-01T08:00:00Z"'


def _value(value: object) -> Decimal:
    if isinstance(value, Decimal):
        return value
    if not isinstance(value, str):
        raise fault("is not a text", 'send it as a text, for example "2.55": a JSON number loses digits on its way')
    if not _AMOUNT.fullmatch(value):
        raise fault(
            "is no plain amount from 0 up",
            f'write digits and at most one point, with at most {MAX_PLACES} places, for example "2.55"',
        )
    amount = Decimal(value)
    if amount > MAX_VALUE:
        raise fault("is above 1,000,000,000,000", "correct it")
    return amount


def _quantity(value: object) -> quantities.Quantity:
    try:
        amount = quantities.parse(value)
    except ValueError as exc:
        raise fault(
            "is neither a whole number nor a plain decimal text",
            'send a whole number, or a fraction as a text with at most 6 places, for example "2.5"',
        ) from exc
    if amount < 0:
        raise fault("is below 0", "send a quantity from 0 up")
    if amount > MAX_QUANTITY:
        raise fault(f"is above {MAX_QUANTITY:,}", "send less, or count in a larger unit")
    return amount


def _ordered(value: object) -> quantities.Quantity:
    amount = _quantity(value)
    if amount == 0:
        raise fault("is 0", "send a quantity above 0, or leave the line out")
    return amount


def _day(text: str) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as exc:
        raise fault(f"{text} is no day of the calendar", "correct it") from exc
    _within_years(day, text)
    return day


def _within_years(day: date, text: str) -> None:
    """Also of instants: near the ends of the calendar they have no local time in some zones."""
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise fault(
            f"{text} lies outside of the years {FIRST_YEAR} to {LAST_YEAR}",
            "send a real date; what begins long ago begins with a date such as 2000-01-01, what never ends has no end",
        )


def _business_date(value: object) -> date:
    if type(value) is date:
        return value
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise fault("is no business date", 'send a date as a text, for example "2026-03-31"')
    return _day(value)


def _instant(value: object) -> datetime:
    if isinstance(value, datetime) and value.tzinfo is not None:
        return value.astimezone(UTC)
    if not isinstance(value, str) or not _INSTANT.fullmatch(value):
        raise fault("is no instant with its offset from UTC", _INSTANT_REMEDY)
    try:
        instant = datetime.fromisoformat(value.upper()).astimezone(UTC)
    except (ValueError, OverflowError) as exc:
        raise fault(f"{value} is no instant of the calendar", _INSTANT_REMEDY) from exc
    _within_years(instant, value)
    return instant


def _moment(value: object) -> datetime | date:
    if type(value) is date:
        return value
    if isinstance(value, str) and _DATE.fullmatch(value):
        return _day(value)
    if isinstance(value, str) and not _INSTANT.fullmatch(value):
        raise fault("is neither an instant with its offset from UTC nor a business date", _MOMENT_REMEDY)
    return _instant(value)


def _text(pattern: str, problem: str, remedy: str) -> Callable[[Any], str]:
    compiled = re.compile(pattern)

    def checked(value: object) -> str:
        if not isinstance(value, str):
            raise fault("is not a text", "send a text, in quotes")
        if not compiled.fullmatch(value):
            raise fault(problem, remedy)
        return value

    return checked


def _currency(code: str) -> str:
    if code not in CURRENCIES:
        raise fault(f"{code} is no currency of ISO 4217", 'send its three letters, for example "GBP"')
    return code


def instant_text(instant: datetime) -> str:
    """An instant as price documents keep it: UTC with microseconds, of fixed width, so that texts sort as instants."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def plain(amount: Decimal) -> str:
    """An amount as price documents keep it: no exponent and no trailing zeros, so that equal ones look equal."""
    return f"{amount.normalize():f}" if amount else "0"


_NAME = r"[\x21-\x22\x24-\x7e]([\x20-\x22\x24-\x7e]{0,98}[\x21-\x22\x24-\x7e])?"
_NAME_PROBLEM = "is not 1 to 100 printable ASCII characters without # and without a space at either end"

Name = Annotated[
    str,
    PlainValidator(_text(_NAME, _NAME_PROBLEM, "leave out what does not fit, or shorten it")),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 100, "pattern": f"^{_NAME}$"}),
]
"""A customer, segment, branch, contract, rule: 1–100 printable ASCII characters without `#`, no space at either end."""

_FAMILY = r"(?!\*$)" + _NAME
Family = Annotated[
    str,
    PlainValidator(_text(_FAMILY, _NAME_PROBLEM + ", or is *", "name one family; for all items leave it out")),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 100, "pattern": f"^{_FAMILY}$"}),
]
"""A family of items: a name other than `*`, by which all items are meant where they are kept."""

_CHANNEL = r"[a-z][a-z0-9_]{0,30}"
Channel = Annotated[
    str,
    PlainValidator(
        _text(
            _CHANNEL,
            "is no name of a channel: a small letter, then small letters, digits and _",
            "write it as the configuration does, for example webshop",
        )
    ),
    WithJsonSchema({"type": "string", "pattern": f"^{_CHANNEL}$"}),
]

_UNIT = r"[A-Za-z0-9][A-Za-z0-9_.-]{0,19}"
PriceUnit = Annotated[
    str,
    PlainValidator(
        _text(
            _UNIT,
            "is no unit: 1 to 20 letters, digits and _ . -",
            "write it as the item's units do, for example EA or CS",
        )
    ),
    WithJsonSchema({"type": "string", "pattern": f"^{_UNIT}$"}),
]
"""A unit of measure as the item's facts call it: EA, CS, piece, m."""

_ITEM = r"[^\x00-\x1f\x7f-\x9f]{1,80}"
Item = Annotated[
    str,
    PlainValidator(_text(_ITEM, "is not 1 to 80 characters without control characters", "correct it")),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 80, "pattern": f"^{_ITEM}$"}),
]
"""An item: by the code of whoever sends the document, or ours where it is asked for prices."""

Text = Annotated[
    str,
    PlainValidator(
        _text(r"[^\x00-\x1f\x7f-\x9f]{1,200}", "is not 1 to 200 characters without control characters", "shorten it")
    ),
    WithJsonSchema({"type": "string", "minLength": 1, "maxLength": 200}),
]
"""A remark for people: one line of at most 200 characters."""

Currency = Annotated[
    str,
    PlainValidator(_text(r".*", "", "")),
    AfterValidator(_currency),
    WithJsonSchema({"type": "string", "pattern": "^[A-Z]{3}$", "description": "ISO 4217", "examples": ["GBP"]}),
]

Value = Annotated[
    Decimal,
    BeforeValidator(_value),
    PlainSerializer(plain, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "pattern": r"^[0-9]{1,13}(\.[0-9]{1,6})?$", "examples": ["2.55"]}),
]
"""Money, a percentage or a factor: from 0 up, with at most 6 places, as a text."""


def _quantity_schema(least: int, pattern: str) -> WithJsonSchema:
    numbers = {"type": "integer", "minimum": least, "maximum": MAX_QUANTITY}
    return WithJsonSchema({"anyOf": [numbers, {"type": "string", "pattern": pattern}], "examples": [12, "2.5"]})


_DECIMAL = r"[0-9]{1,10}(\.[0-9]{1,6})?$"
TierQuantity = Annotated[
    quantities.Quantity,
    PlainValidator(_quantity),
    PlainSerializer(quantities.to_json, return_type=int | str, when_used="json"),
    _quantity_schema(0, f"^{_DECIMAL}"),
]
"""A quantity from 0 up: a whole number, or a fraction as a text."""

OrderedQuantity = Annotated[
    quantities.Quantity,
    PlainValidator(_ordered),
    PlainSerializer(quantities.to_json, return_type=int | str, when_used="json"),
    _quantity_schema(1, f"^(?=.*[1-9]){_DECIMAL}"),
]
"""A quantity above 0: a whole number, or a fraction as a text."""

BusinessDate = Annotated[
    date,
    PlainValidator(_business_date),
    PlainSerializer(date.isoformat, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date", "examples": ["2026-03-31"]}),
]

PriceInstant = Annotated[
    datetime,
    PlainValidator(_instant),
    PlainSerializer(instant_text, return_type=str, when_used="json"),
    WithJsonSchema({"type": "string", "format": "date-time", "examples": ["2026-03-01T08:00:00Z"]}),
]
"""An instant with its offset, to the microsecond, kept in UTC."""


def _moment_text(moment: datetime | date) -> str:
    return instant_text(moment) if isinstance(moment, datetime) else moment.isoformat()


Moment = Annotated[
    datetime | date,
    PlainValidator(_moment),
    PlainSerializer(_moment_text, return_type=str, when_used="json"),
    WithJsonSchema(
        {
            "anyOf": [{"type": "string", "format": "date-time"}, {"type": "string", "format": "date"}],
            "examples": ["2026-03-01", "2026-03-01T08:00:00Z"],
        }
    ),
]
"""An instant, or a business date: the midnight with which that day begins in the distributor's time zone."""
