"""Instants of prices: UTC texts with microseconds, of fixed width, so that texts sort as instants do.

A business date begins at midnight in the distributor's IANA zone. Where a clock change removes that midnight it begins
at the first instant that the day has, and where it comes twice, at the first of the two: one function says so for
beginnings and ends, so that adjacent windows have neither gap nor overlap.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from crossdock.pricing.errors import StatementError

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_NORMAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{6}Z", re.ASCII)
_INSTANT = re.compile(r"\d{4}-\d{2}-\d{2}[Tt ]\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?([Zz]|[+-]\d{2}:?\d{2})", re.ASCII)


def instant_text(instant: datetime) -> str:
    """RFC 3339 in UTC with microseconds."""
    return instant.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def read_instant(text: str, field: str = "at") -> str:
    """An RFC 3339 instant with its offset as the text that we keep. Raises StatementError for anything else.

    More than six decimals are refused: cutting them off would move a window.
    """
    if isinstance(text, str) and _INSTANT.fullmatch(text):
        try:
            return instant_text(datetime.fromisoformat(text.upper()))
        except (ValueError, OverflowError):
            pass
    raise StatementError(
        field, f"{text!r} is no instant", 'send date, time and offset, for example "2026-03-01T00:00:00Z"'
    )


def is_business_date(text: str) -> bool:
    """Whether a text states a date without a time."""
    return _DATE.fullmatch(text) is not None


def business_instant(day: str | date, zone: str, field: str = "valid_from") -> str:
    """The instant at which a business date (YYYY-MM-DD) begins in an IANA zone. Raises StatementError."""
    midnight = datetime.combine(_read_date(day, field), time(), _zone(zone))
    try:
        return instant_text(midnight)  # fold=0: the first of two midnights, and the offset before a gap
    except OverflowError as exc:
        raise _no_date(field, day) from exc


def after_business_date(day: str, zone: str, field: str = "valid_through") -> str:
    """The instant at which a business date is over: how an inclusive end becomes a half-open one."""
    try:
        return business_instant(_read_date(day, field) + timedelta(days=1), zone, field)
    except OverflowError as exc:
        raise _no_date(field, day) from exc


def window_instant(text: str, zone: str, field: str) -> str:
    """What a rule's `valid_from` or `valid_to` says: an instant, or a business date that begins in `zone`."""
    if isinstance(text, str) and is_business_date(text):
        return business_instant(text, zone, field)
    return read_instant(text, field)


def is_normal(text: str) -> bool:
    """Whether a text is an instant as we keep it."""
    return _NORMAL.fullmatch(text) is not None


def _read_date(day: str | date, field: str) -> date:
    if isinstance(day, date):
        return day
    try:
        if isinstance(day, str) and is_business_date(day):
            return date.fromisoformat(day)
    except ValueError as exc:
        raise _no_date(field, day) from exc
    raise _no_date(field, day)


def _no_date(field: str, day: object) -> StatementError:
    return StatementError(
        field, f"{day!r} is no business date", 'send a date of the calendar, for example "2026-03-01"'
    )


def _zone(zone: str) -> ZoneInfo:
    try:
        return ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as exc:
        raise StatementError(
            "time_zone", f"{zone!r} is no time zone", 'send an IANA name, for example "Europe/London"'
        ) from exc
