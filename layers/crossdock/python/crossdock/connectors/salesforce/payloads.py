"""Salesforce's payloads: the fields that we use, as Salesforce names them.

Source: Salesforce's reference of the object Account, and of the fields of a change event's header.
"""

import re
from datetime import UTC, datetime
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator

from crossdock.contracts.native import Iso, Native, Words
from crossdock.contracts.price_fields import fault

_ID = re.compile(r"[A-Za-z0-9]{18}")
_RECORD = re.compile(r"[A-Za-z0-9]{18}|[A-Za-z0-9]{3}\*")
_FIRST_MS, _LAST_MS = 946_684_800_000, 7_258_118_400_000  # the years 2000 to 2200


def _id(value: object) -> str:
    if not isinstance(value, str) or not _ID.fullmatch(value):
        raise fault("is no id of 18 letters and digits", "send the long form of the id, which programs get")
    return value


def _record(value: object) -> str:
    if not isinstance(value, str) or not _RECORD.fullmatch(value):
        raise fault("is no id of 18 letters and digits", "send the event as Salesforce does")
    return value


def _milliseconds(value: object) -> datetime:
    if type(value) is int and _FIRST_MS <= value < _LAST_MS:
        return datetime.fromtimestamp(value // 1000, UTC).replace(microsecond=value % 1000 * 1000)
    raise fault("is no instant in milliseconds since 1970", "send the event as Salesforce does")


def _names(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not all(isinstance(v, str) for v in value):
        raise fault("is no list of fields' names", "send the event as Salesforce does")
    if any(v.startswith("0x") for v in value):
        raise fault(
            "is a bitmap of the event's schema",
            "relay the event with its names: only who holds the schema can tell which fields these are",
        )
    return tuple(value)


Id = Annotated[str, PlainValidator(_id)]
Names = Annotated[tuple[str, ...], PlainValidator(_names)]

FIELDS: Final[dict[str, Any]] = {
    "Name": "name",
    "AccountNumber": "number",
    "ParentId": "parent",
    "Type": "type",
    "Phone": "phone",
    "Website": "website",
    "CurrencyIsoCode": "currency",
    "BillingStreet": "billing_street",
    "BillingCity": "billing_city",
    "BillingState": "billing_region",
    "BillingPostalCode": "billing_postcode",
    "BillingCountry": "billing_country",
    "ShippingStreet": "shipping_street",
    "ShippingCity": "shipping_city",
    "ShippingState": "shipping_region",
    "ShippingPostalCode": "shipping_postcode",
    "ShippingCountry": "shipping_country",
}
"""An Account's fields → the attributes of our contract."""

COMPOUNDS: Final = {"BillingAddress": "Billing", "ShippingAddress": "Shipping"}
"""In change events an address is one field with parts; in messages each part is a field."""


class Account(Native):
    """An Account of an outbound message. Which fields it has was chosen where the message was set up."""

    Id: Id
    LastModifiedDate: Iso
    IsDeleted: str | None = None


class Texts(Native):
    """The attributes of an account, each a line of text, a street's lines joined."""

    Name: Words = None
    AccountNumber: Words = None
    ParentId: Words = None
    Type: Words = None
    Phone: Words = None
    Website: Words = None
    CurrencyIsoCode: Words = None
    BillingStreet: Words = None
    BillingCity: Words = None
    BillingState: Words = None
    BillingPostalCode: Words = None
    BillingCountry: Words = None
    ShippingStreet: Words = None
    ShippingCity: Words = None
    ShippingState: Words = None
    ShippingPostalCode: Words = None
    ShippingCountry: Words = None


class Header(Native):
    """What happened, to which records, when. A record's id may be a prefix and a star: all of them."""

    entityName: str  # noqa: N815 - Salesforce's name
    changeType: str  # noqa: N815
    recordIds: list[Annotated[str, PlainValidator(_record)]] = Field(min_length=1, max_length=1000)  # noqa: N815
    commitTimestamp: Annotated[datetime, PlainValidator(_milliseconds)]  # noqa: N815
    sequenceNumber: int = Field(default=0, ge=0)  # noqa: N815
    changeOrigin: Words = None  # noqa: N815
    changedFields: Names = ()  # noqa: N815
    nulledFields: Names | None = None  # noqa: N815


class Change(Native):
    """A change event: its header, beside the fields of the record."""

    ChangeEventHeader: Header
