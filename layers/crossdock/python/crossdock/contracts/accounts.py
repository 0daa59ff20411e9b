"""Customers as a system reports them (`customers.accounts.reported.v1`): attribute by attribute.

A report says only what its source said: an attribute that is absent is not known, one that is null was emptied. So the
same form holds a whole record and a change of one field, and each attribute can be judged by who owns it.
"""

import json
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainSerializer, PlainValidator, WithJsonSchema
from pydantic_core import PydanticCustomError

from crossdock.contracts import customer_attributes
from crossdock.contracts.customer_attributes import ATTRIBUTES, DIMENSIONS, FIELDS
from crossdock.contracts.fields import Contract, FactId, SystemName
from crossdock.contracts.price_fields import PriceInstant, Text

MAX_ACCOUNTS = 1000
MAX_MANY = 200
"""Contacts, and ship-tos, of one account in one report."""
MAX_BYTES = 100_000
"""Of what one report says of an account, as JSON: with what was said before it has to fit rows and events."""

Role = Literal["sold_to", "bill_to", "ship_to", "buyer", "payer"]
"""What a system's record of the customer is there: the one that orders, that is billed, that goods go to, …"""


def _fault(name: str, problem: str) -> PydanticCustomError:
    told, _, remedy = problem.partition("; ")
    return PydanticCustomError(
        "customer_attribute", "{problem}", {"problem": f"{name}: {told}", "remedy": remedy or "correct it"}
    )


def _attributes(value: Any) -> dict[str, customer_attributes.Value]:
    if not isinstance(value, dict):
        raise PydanticCustomError("customer_attribute", "is not an object of attributes")
    found: dict[str, customer_attributes.Value] = {}
    for name, said in value.items():
        try:
            if "/" in str(name):
                raise customer_attributes.AttributeNameError(
                    f"{name!r} is said under contacts or ship_tos; say it there"
                )
            found[str(name)] = customer_attributes.checked(str(name), said)
        except ValueError as exc:
            raise _fault(str(name)[:80], str(exc)) from exc
    return found


def _one_of_many(kind: Literal["contact", "ship_to"]) -> AfterValidator:
    def check(value: dict[str, Any]) -> dict[str, customer_attributes.Value]:
        found: dict[str, customer_attributes.Value] = {}
        for one, said in value.items():
            try:
                found[one] = customer_attributes.checked(f"{kind}/x", said)
            except ValueError as exc:
                raise _fault(one, str(exc)) from exc
        return found

    return AfterValidator(check)


def _texts_schema(kind: Literal["contact", "ship_to"]) -> dict[str, Any]:
    fields = {name: {"type": "string", "minLength": 1, "maxLength": 500} for name in FIELDS[kind]}
    document = {"type": "object", "properties": fields, "additionalProperties": False, "minProperties": 1}
    return {"anyOf": [document, {"type": "null"}]}


def _attributes_schema() -> dict[str, Any]:
    text: dict[str, Any] = {"type": ["string", "null"], "minLength": 1, "maxLength": 500}
    kinds: dict[str, dict[str, Any]] = {
        "flag": {"type": ["boolean", "null"]},
        "texts": {"type": ["array", "null"], "items": {"type": "string"}, "maxItems": 50, "uniqueItems": True},
        "amount": {"type": ["string", "null"], "pattern": r"^-?[0-9]{1,13}(\.[0-9]{1,6})?$", "examples": ["2500.00"]},
        "country": {"type": ["string", "null"], "minLength": 2, "maxLength": 100, "examples": ["GB"]},
        "currency": {"type": ["string", "null"], "pattern": "^[A-Z]{3}$"},
        "date": {"type": ["string", "null"], "format": "date"},
    }
    plain = {name: kinds.get(kind, text) for name, kind in ATTRIBUTES.items() if kind not in FIELDS}
    scoped = f"^({'|'.join(plain)})@({'|'.join(DIMENSIONS)}):[A-Za-z0-9_.-]{{1,60}}$"
    return {"type": "object", "properties": plain, "patternProperties": {scoped: {}}, "additionalProperties": False}


Attributes = Annotated[
    dict[str, Any],
    PlainValidator(_attributes),
    PlainSerializer(dict, return_type=dict, when_used="json"),
    WithJsonSchema(_attributes_schema()),
]
"""What is said, by attribute (`customer_attributes.py`); null empties it.

`number` is the customer's number elsewhere, usually in the ERP; `parent` the account above it, by its id there.
"""

Contacts = Annotated[
    dict[FactId, Any],
    _one_of_many("contact"),
    WithJsonSchema({"type": "object", "additionalProperties": _texts_schema("contact")}),
]
ShipTos = Annotated[
    dict[FactId, Any],
    _one_of_many("ship_to"),
    WithJsonSchema({"type": "object", "additionalProperties": _texts_schema("ship_to")}),
]


class ElsewhereKnown(Contract):
    """What another system calls the same customer."""

    system: SystemName
    id: FactId


class AccountReport(Contract):
    """What was said of one account. `version` grows with the source's changes of it; `deleted`: it is gone there.

    `customer` is our own id, where the source keeps it; `known_as` are the ids of other systems that it keeps. Contacts
    and ship-tos go by the source's own ids; null takes one away. `role` is what the account is in the source.
    """

    account: FactId
    version: int = Field(ge=1, le=10**18)
    changed_at: PriceInstant
    deleted: bool = False
    customer: FactId | None = None
    known_as: list[ElsewhereKnown] = Field(default_factory=list, max_length=20)
    role: Role | None = None
    attributes: Attributes = Field(default_factory=dict)
    contacts: Contacts = Field(default_factory=dict, max_length=MAX_MANY)
    ship_tos: ShipTos = Field(default_factory=dict, max_length=MAX_MANY)


def sized(attributes: Any, contacts: Any, ship_tos: Any) -> None:
    """Raises PydanticCustomError for more than MAX_BYTES of one account; where it comes in, not where it is read."""
    size = len(json.dumps([attributes, contacts, ship_tos], ensure_ascii=False).encode())
    if size > MAX_BYTES:
        problem = f"says {size:,} bytes of one account, {MAX_BYTES:,} at most"
        remedy = "say its contacts and ship-tos in several reports, a version each"
        raise PydanticCustomError("account_too_large", "{problem}", {"problem": problem, "remedy": remedy})


def _sized(account: AccountReport) -> AccountReport:
    sized(account.attributes, account.contacts, account.ship_tos)
    return account


SentAccount = Annotated[AccountReport, AfterValidator(_sized)]
"""An account as a system sends it: not more than fits."""


class AccountList(Contract):
    """The data of a `customers.reported` webhook; `origin` is who changed them there, where the sender says that."""

    origin: Text | None = None
    accounts: list[SentAccount] = Field(min_length=1, max_length=MAX_ACCOUNTS)


class AccountsReported(Contract):
    """The data of the event. `origin` is who changed it there, where the source says that: we may have been it."""

    source: SystemName
    origin: Text | None = None
    accounts: list[AccountReport] = Field(min_length=1, max_length=MAX_ACCOUNTS)
