"""What connectors read native payloads with: strict about the fields they use, and blind to all others.

Vendors add fields without notice, so an unknown one is no fault. A number with a point is read as the text that was
sent, never as a float: money keeps every digit.
"""

import json
import re
from datetime import UTC, datetime
from decimal import Decimal
from email.utils import parsedate_to_datetime
from typing import Annotated, Any, TypeVar

from pydantic import BaseModel, ConfigDict, PlainValidator, ValidationError
from pydantic_core import InitErrorDetails

from crossdock.contracts.price_fields import fault
from crossdock.contracts.price_words import CURRENCIES

M = TypeVar("M", bound=BaseModel)

_MONEY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_MONEY_PLACES = 6
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,59}")
_CODE = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,80}")
_WORDS = re.compile(r"[^\x00-\x1f\x7f-\x9f\ud800-\udfff]{1,200}")
_ISO = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:?[0-9]{2})", re.ASCII
)
_MAX_ID = 10**18
_MAX_COUNT = 10**9
_FIRST_YEAR, _LAST_YEAR = 2000, 2200


class Native(BaseModel):
    """A part of a vendor's payload: the fields that we use."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)


def read_json(body: bytes) -> Any:
    """The JSON document of a body. Raises pydantic.ValidationError when it is none."""
    try:
        return json.loads(body.decode("utf-8"), parse_float=str, parse_constant=_no_number)
    except (ValueError, RecursionError) as exc:  # RecursionError: brackets without end
        raise not_readable("json_invalid", str(exc)) from exc


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no number of JSON")


def not_readable(kind: Any, problem: str) -> ValidationError:
    """A body that cannot be read at all, as the error that connectors raise."""
    details = InitErrorDetails(type=kind, loc=(), input=None, ctx={"error": problem[:200]})
    return ValidationError.from_exception_data("body", [details])


def refused(location: tuple[str | int, ...], problem: str, remedy: str) -> ValidationError:
    """Something that no field shows by itself, as the error that connectors raise."""
    details = InitErrorDetails(type=fault(problem, remedy), loc=location, input=None)
    return ValidationError.from_exception_data("body", [details])


def _id(value: object) -> str:
    if type(value) is int and 0 <= value < _MAX_ID:
        return str(value)
    if isinstance(value, str) and _ID.fullmatch(value):
        return value
    raise fault("is no id", "send the id as the vendor documents it: a number, or letters and digits")


def _money(value: object) -> Decimal:
    text = str(value) if type(value) is int else value
    if not isinstance(text, str) or not _MONEY.fullmatch(text):
        raise fault("is no plain amount from 0 up", 'send digits and at most one point, for example "12.50"')
    amount = Decimal(text).normalize()
    if -int(amount.as_tuple().exponent) > _MONEY_PLACES:
        raise fault(f"has more than {_MONEY_PLACES} places", "round it where it is made")
    return amount


def _count(value: object) -> int:
    if type(value) is int and -_MAX_COUNT <= value <= _MAX_COUNT:
        return value
    raise fault("is no whole number of units", "send a whole number, without quotes")


def _counted(value: object) -> int:
    if _count(value) < 0:
        raise fault("is below 0", "send how many were ordered, 0 for none any more")
    return _count(value)


def _iso(value: object) -> datetime:
    if not isinstance(value, str) or not _ISO.fullmatch(value):
        raise fault("is no instant with its offset from UTC", 'send it as "2026-03-01T08:00:00Z"')
    try:
        instant = datetime.fromisoformat(value)
    except ValueError as exc:
        raise fault("is no instant of the calendar", "correct it") from exc
    return _real(instant)


def _rfc2822(value: object) -> datetime:
    try:
        found = parsedate_to_datetime(value) if isinstance(value, str) else None
    except (ValueError, OverflowError, IndexError, TypeError):  # what the parser says of texts that are no dates
        found = None
    if found is None or found.tzinfo is None:
        raise fault("is no date with its offset from UTC", 'send it as "Sun, 01 Mar 2026 08:00:00 +0000"')
    return _real(found)


def _epoch(value: object) -> datetime:
    if type(value) is int and 0 < value < 10**11:
        return _real(datetime.fromtimestamp(value, UTC))
    raise fault("is no instant in seconds since 1970", "send whole seconds, without quotes")


def _real(instant: datetime) -> datetime:
    if not _FIRST_YEAR <= instant.year <= _LAST_YEAR:
        raise fault(f"lies outside of the years {_FIRST_YEAR} to {_LAST_YEAR}", "send the real date")
    return instant.astimezone(UTC)


def _currency(value: object) -> str:
    if not isinstance(value, str) or value not in CURRENCIES:
        raise fault("is no currency of ISO 4217", 'send its three letters, for example "GBP"')
    return value


def _code(value: object) -> str | None:
    """An item's code: blank means that there is none."""
    if value is None or value == "":
        return None
    if not isinstance(value, str) or not _CODE.fullmatch(value):
        raise fault("is not 1 to 80 characters without control characters", "correct it")
    return value.strip() or None


def _words(value: object) -> str | None:
    """A line for people: runs of white space are one space, blank means that there is none."""
    if value is None:
        return None
    text = " ".join(value.split()) if isinstance(value, str) else "\x00"
    if text and not _WORDS.fullmatch(text):
        raise fault("is no text of at most 200 characters without control characters", "correct or shorten it")
    return text or None


Id = Annotated[str, PlainValidator(_id)]
"""A vendor's id of a thing, a number or a text, as a text."""

Money = Annotated[Decimal, PlainValidator(_money)]
"""An amount from 0 up with at most 6 places, read from its digits."""

Count = Annotated[int, PlainValidator(_count)]
"""Whole units; below 0 is possible: oversold."""

Counted = Annotated[int, PlainValidator(_counted)]
"""Whole units from 0 up."""

Iso = Annotated[datetime, PlainValidator(_iso)]
"""ISO 8601 with an offset, in UTC."""

Rfc2822 = Annotated[datetime, PlainValidator(_rfc2822)]
"""A date as in e-mail, with an offset, in UTC."""

Epoch = Annotated[datetime, PlainValidator(_epoch)]
"""Seconds since 1970."""

CurrencyWord = Annotated[str, PlainValidator(_currency)]
"""ISO 4217."""

Code = Annotated[str | None, PlainValidator(_code)]
"""An item's code, or None where the field is empty."""

Words = Annotated[str | None, PlainValidator(_words)]
"""A line for people, or None where the field is empty."""


NOTHING = Decimal(0)


def version_of(changed_at: datetime) -> int:
    """A version that grows with the source's own clock: microseconds since 1970."""
    return int(changed_at.timestamp()) * 1_000_000 + changed_at.microsecond
