"""Customers and orders as partners send them (API v1)."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from crossdock.contracts.accounts import MAX_MANY, Attributes, Contacts, ElsewhereKnown, Role, ShipTos, sized
from crossdock.contracts.customer_attributes import FIELDS
from crossdock.contracts.fields import Contract, FactId, SystemName
from crossdock.contracts.price_fields import Currency, Value
from crossdock.contracts.price_models import MAX_LINES
from crossdock.contracts.quotes import MAX_TOKEN, OrderedLine

MOST_CHANGED = 10
"""Contacts and ship-tos of one change: with all that belongs to them they have to fit into one transaction."""

_CUSTOMER = "^CU[A-Z0-9]{16}$"


def _ours(text: str) -> str:
    if not re.fullmatch(_CUSTOMER, text):
        raise PydanticCustomError(
            "customer_id",
            "is no id of a customer as we give them",
            {"remedy": "send CU and 16 letters or digits, or say what a system calls the customer in the other fields"},
        )
    return text


CustomerId = Annotated[
    str,
    AfterValidator(_ours),
    WithJsonSchema({"type": "string", "pattern": _CUSTOMER, "examples": ["CU7Q2M4XJ5KTWABCD3"]}),
]
"""A customer as we call it."""

Company = Annotated[str, Field(pattern="^[A-Za-z0-9_.-]{1,60}$")]


class CustomerReport(Contract):
    """The body of `POST /v1/customers`: what one of the partner's systems says of one of its accounts.

    `account` is what that system calls the customer; `customer` our own id, where the system keeps it, and `known_as`
    what others of the partner's systems call it.
    """

    source: SystemName | None = None
    account: FactId
    customer: CustomerId | None = None
    known_as: list[ElsewhereKnown] = Field(default_factory=list, max_length=20)
    role: Role | None = None
    attributes: Attributes = Field(default_factory=dict)
    contacts: Contacts = Field(default_factory=dict, max_length=MAX_MANY)
    ship_tos: ShipTos = Field(default_factory=dict, max_length=MAX_MANY)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        sized(self.attributes, self.contacts, self.ship_tos)
        return self


def _parts(kind: Literal["contact", "ship_to"]) -> AfterValidator:
    """Some fields of each; what comes of them is checked when they are put together with what is there."""

    def check(value: dict[str, Any]) -> dict[str, Any]:
        for one, said in value.items():
            strange = sorted(set(said) - set(FIELDS[kind])) if isinstance(said, dict) else []
            wrong = [n for n, v in said.items() if v is not None and not isinstance(v, str)] if said else []
            if strange or wrong:
                name = (strange or wrong)[0][:60]
                raise PydanticCustomError(
                    "customer_attribute",
                    "{problem}",
                    {
                        "problem": f"{one}: {name!r} is " + ("no field of it" if strange else "not a text"),
                        "remedy": f"send texts, or null to empty one: {', '.join(FIELDS[kind])}",
                    },
                )
        return value

    return AfterValidator(check)


def _parts_schema(kind: Literal["contact", "ship_to"]) -> dict[str, Any]:
    fields = {name: {"type": ["string", "null"], "minLength": 1, "maxLength": 500} for name in FIELDS[kind]}
    part = {"type": "object", "properties": fields, "additionalProperties": False}
    return {
        "type": "object",
        "additionalProperties": {"anyOf": [part, {"type": "null"}]},
        "maxProperties": MOST_CHANGED,
    }


class CustomerPatch(Contract):
    """The body of `PATCH /v1/customers/{id}`: a JSON merge patch (RFC 7396) of what is believed; null empties.

    Contacts and ship-tos go by our ids, as the customer's document has them; one under another id is new, and that is
    what the partner's system calls it. `source` is the system that says it, `account` its own id of the customer where
    it has none yet, or several.
    """

    source: SystemName | None = None
    account: FactId | None = None
    attributes: Attributes = Field(default_factory=dict)
    contacts: Annotated[
        dict[FactId, dict[str, Any] | None], _parts("contact"), WithJsonSchema(_parts_schema("contact"))
    ] = Field(default_factory=dict, max_length=MOST_CHANGED)
    ship_tos: Annotated[
        dict[FactId, dict[str, Any] | None], _parts("ship_to"), WithJsonSchema(_parts_schema("ship_to"))
    ] = Field(default_factory=dict, max_length=MOST_CHANGED)

    @model_validator(mode="after")
    def _is_little_enough(self) -> Self:
        if len(self.contacts) + len(self.ship_tos) > MOST_CHANGED:
            raise PydanticCustomError(
                "customer_patch",
                "changes more than {most} contacts and ship-tos",
                {"most": MOST_CHANGED, "remedy": "send the rest in a further request"},
            )
        return self


class QuotedOrder(Contract):
    """The token of a quote, and the lines that are ordered by it."""

    token: str = Field(min_length=1, max_length=MAX_TOKEN)
    lines: list[OrderedLine] = Field(min_length=1, max_length=MAX_LINES)


class OrderCheckRequest(Contract):
    """The body of `POST /v1/order-checks`: who wants to order for how much, in which currency, from which company.

    The customer goes by our id (`customer`), or by what a system calls it (`system` and `external`).
    """

    customer: CustomerId | None = None
    system: SystemName | None = None
    external: FactId | None = None
    amount: Value
    currency: Currency
    company: Company | None = None
    quote: QuotedOrder | None = None

    @model_validator(mode="after")
    def _names_one_customer(self) -> Self:
        by_theirs = [n for n in (self.system, self.external) if n is not None]
        if (self.customer is None) != (len(by_theirs) == 2) or (self.customer is not None and by_theirs):  # noqa: PLR2004 - both of them
            raise PydanticCustomError(
                "order_customer",
                "names the customer in no way, or in two",
                {"remedy": "send customer, or system and external"},
            )
        return self
