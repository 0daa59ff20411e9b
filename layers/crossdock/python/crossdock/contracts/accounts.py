"""Customers as a CRM reports them (`customers.accounts.reported.v1`): attribute by attribute.

A report says only what its source said: an attribute that is absent is not known, one that is null was emptied. So the
same form holds a whole record and a change of one field, and each attribute can be judged by who owns it.
"""

from typing import Literal

from pydantic import Field

from crossdock.contracts.fields import Contract, FactId, SystemName
from crossdock.contracts.price_fields import PriceInstant, Text

Attribute = Literal[
    "name",
    "number",
    "parent",
    "type",
    "phone",
    "website",
    "currency",
    "billing_street",
    "billing_city",
    "billing_region",
    "billing_postcode",
    "billing_country",
    "shipping_street",
    "shipping_city",
    "shipping_region",
    "shipping_postcode",
    "shipping_country",
]
"""`number` is the customer's number elsewhere, usually in the ERP; `parent` the account above it, by its id."""


class AccountReport(Contract):
    """What was said of one account. `version` grows with the source's changes of it; `deleted`: it is gone there."""

    account: FactId
    version: int = Field(ge=1, le=10**18)
    changed_at: PriceInstant
    deleted: bool = False
    attributes: dict[Attribute, Text | None] = Field(default_factory=dict)


class AccountsReported(Contract):
    """The data of the event. `origin` is who changed it there, where the source says that: we may have been it."""

    source: SystemName
    origin: Text | None = None
    accounts: list[AccountReport] = Field(min_length=1, max_length=1000)
