"""What an endpoint says of itself: `functions/<name>/api.py` has it, beside the handler that serves the endpoint.

The API's document is made of them (`infra/documents`), and tests hold the handlers to it. No function imports them when
it runs. `whose` says what an input names: what belongs to one partner is tried with another's in every operation.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, Literal

from pydantic import BaseModel

OWNED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "source": "a system that a partner speaks for",
        "channel": "a channel that a partner sells through",
        "customer": "a customer that a partner asks for",
        "reservation": "the id of a partner's reservation",
        "quote": "the id of a partner's quote",
        "quote-token": "the token of a partner's quote",
        "price-rule": "the id of a rule within a partner's source",
        "price-class": "a price class that a partner may read the book of",
        "price-book-cursor": "a place in the price book of one class",
        "idempotency-key": "what a partner names a request by",
        "delivery": "a delivery to a partner's channel",
        "customer-id": "our id of a customer that a partner may see",
        "account": "what a partner's source calls a customer",
        "customer-name": "what a customer that a partner may see is called",
        "customer-email": "the mail address of a customer that a partner may see",
        "cursor": "a place in a list of a partner's own",
    }
)
"""What belongs to one partner, by kind. A value of another's must be like one that never existed."""

SHARED: Final[Mapping[str, str]] = MappingProxyType(
    {
        "item": "an item, as the distributor or as a source calls it",
        "warehouse": "a warehouse of the distributor",
        "version": "a version of something that has another name",
        "nothing": "no more than it says: a quantity, a date, a word of ours, a remark",
    }
)
"""What inputs name that is the same for all partners."""

PRESERVED: Final = frozenset({"idempotency-key"})
"""Kinds of which each partner has all of its own: another's value is as good as any new one."""

Place = Literal["path", "query", "header"]
Status = int | Literal["2XX", "4XX"]
"""One, or whichever of its hundred: where a configuration may choose."""


@dataclass(frozen=True, slots=True)
class Parameter:
    """An input beside the body. `schema` is JSON Schema; `example` is what the example request sends, None: nothing."""

    place: Place
    name: str
    whose: str
    says: str
    schema: Mapping[str, Any]
    example: str | None = None
    required: bool = False


def in_path(name: str, whose: str, says: str, example: str, **schema: Any) -> Parameter:
    """A part of the path. An `example` in braces, `{reservation}`, is what another operation's example gives."""
    return Parameter("path", name, whose, says, {"type": "string", **schema}, example, required=True)


def in_query(name: str, whose: str, says: str, example: str | None = None, **schema: Any) -> Parameter:
    """A parameter of the query, which may be left out."""
    return Parameter("query", name, whose, says, {"type": "string", **schema}, example)


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer that is no problem. `model` None: a document described elsewhere, or a text of another `media`."""

    status: Status
    says: str
    model: type[BaseModel] | None
    headers: Mapping[str, str] = field(default_factory=dict)
    media: str = "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One method of one path.

    `scopes`: one of them is enough. `keyed` False: nobody is asked for a key. `problems` are its own names by status;
    what every endpoint of its kind may answer is added where the document is made. `revalidates`: the answer has an
    ETag and can be asked for again by it. `idempotency`: whether an Idempotency-Key may or must be sent. `raw` is the
    schema of a body that is no document of ours. `gives` says where in the answer to the example something owned is
    found, as a JSON pointer; a parameter of an address there is written behind it: `/next?cursor`. `names` says what
    fields of the body name, by path (`allocations/*`), where their own names (FIELDS) say something else.
    """

    method: str
    path: str
    tag: str
    summary: str
    says: str = ""
    scopes: tuple[str, ...] = ()
    keyed: bool = True
    parameters: tuple[Parameter, ...] = ()
    body: type[BaseModel] | None = None
    body_required: bool = True
    raw: Mapping[str, Any] | None = None
    example: Mapping[str, Any] | None = None
    answers: tuple[Answer, ...]
    problems: Mapping[Status, tuple[str, ...]] = field(default_factory=dict)
    revalidates: bool = False
    idempotency: Literal["", "optional", "required"] = ""
    gives: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)

    @property
    def route(self) -> str:
        """As the gateway names it: `GET /v1/items/{sku}/availability`."""
        return f"{self.method} {self.path}"


FIELDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "source": "source",
        "channel": "channel",
        "customer": "customer",
        "token": "quote-token",
        "sku": "item",
        "item": "item",
        "basket/*": "item",
        "warehouse": "warehouse",
        "warehouses": "warehouse",
        "to_warehouse": "warehouse",
        "warehouse_set": "warehouse",
        "rule_id": "price-rule",
        "reservation": "reservation",
    }
)
"""What fields of bodies name, by their own name wherever they stand; others are in PLAIN, or in `names`."""

PLAIN: Final = frozenset(
    {
        "bin",
        "branch",
        "by",
        "channels",
        "contract",
        "currency",
        "extended_price",
        "family",
        "freight_terms",
        "id",
        "job",
        "line",
        "lot",
        "min_quantity",
        "mix_group",
        "parent",
        "quantity",
        "reason",
        "reference",
        "region",
        "safety_stock",
        "segment",
        "ship_to",
        "substitute_for",
        "to_bin",
        "unit",
        "unit_price",
        "value",
        "waives",
    }
)
"""Names of fields that name nothing of a partner's, wherever they stand."""
