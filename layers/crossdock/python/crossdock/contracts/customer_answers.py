"""Answers about customers and order checks (API v1)."""

from typing import Any, Literal

from pydantic import Field

from crossdock.contracts.answered import Correlated, Moment
from crossdock.contracts.customer_events import State
from crossdock.contracts.fields import Contract
from crossdock.contracts.price_answers import Money


class CustomerProblem(Contract):
    """What keeps a customer from being complete."""

    attribute: str
    problem: str
    remedy: str


class KnownAs(Contract):
    """What a system calls the customer, and what its record is there."""

    system: str
    id: str
    role: str | None = None


class Explanation(Contract):
    """Who said a value, in which record of its, since when, and why that is believed."""

    system: str
    id: str
    version: int
    at: str = Field(description="An instant in UTC; empty for what was derived.")
    why: str


class CustomerSummary(Contract):
    """A customer without contacts and ship-tos. `into`: it was merged, and is that one now."""

    id: str
    version: int
    state: State
    into: str | None = None
    problems: list[CustomerProblem] = Field(default_factory=list)
    attributes: dict[str, Any] = Field(description="What is believed; an attribute that is missing is empty.")
    created_at: Moment
    changed_at: Moment


class CustomerAnswer(CustomerSummary):
    """The golden record: what is believed of a customer, and what every system calls it.

    Contacts and ship-tos go by our ids. `parent` is the customer above it. `possible_duplicates` may be the same
    customer, which somebody has to decide. Neither names a customer that the partner may not see.
    """

    contacts: dict[str, dict[str, str]] = Field(default_factory=dict)
    ship_tos: dict[str, dict[str, str]] = Field(default_factory=dict)
    ids: list[KnownAs]
    parent: str | None = None
    possible_duplicates: list[str] = Field(default_factory=list)
    explanations: dict[str, Explanation] | None = Field(
        default=None, description="With explain=true, by attribute; contacts and ship-tos as contact/ID and ship_to/ID."
    )


class CustomerKept(CustomerAnswer, Correlated):
    """A customer as it is after a request that may have changed it."""


class CustomersPage(Correlated):
    """A page; `next` is the address of the one behind it, null at the end. A page may be short and not the last."""

    customers: list[CustomerSummary]
    next: str | None


class AttributeChange(Contract):
    """An attribute from one version on. `erased`: the value was erased, as the law may ask for.

    `removed`: from then on nobody who may says anything of it. `system` and `id` are whose statement it is.
    """

    version: int
    at: Moment
    attribute: str
    value: Any = None
    erased: bool = False
    removed: bool = False
    system: str | None = None
    id: str | None = None
    why: str | None = None
    caused_by: str = Field(description="The system whose report made the version.")


class CustomerHistory(Correlated):
    """What was believed, oldest first; a page may be short, or empty, and still name a next one."""

    id: str
    changes: list[AttributeChange]
    next: str | None


class OrderReason(Contract):
    """Why an order is not accepted: a word for programs, a sentence, what to do; of credit, the amounts."""

    code: str
    detail: str
    remedy: str
    limit: Money | None = None
    used: Money | None = None
    asked: Money | None = None
    currency: str | None = None


class OrderVerdict(Correlated):
    """Whether an order may be taken. `customer` is whom it was judged as: another than asked, if that was merged."""

    accepted: bool
    customer: str
    version: int
    state: Literal["checking", "incomplete", "review", "ready", "gone"]
    reasons: list[OrderReason]
