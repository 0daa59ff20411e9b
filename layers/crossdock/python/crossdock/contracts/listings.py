"""Whole lists of the accounts that a system holds (`customers.accounts.listed.v1`): our picture is held against them.

A list comes in pages, in any order. Each account stands in it once and whole: what the system keeps and is empty
there is null, and what is absent the system does not keep. The page with `last` says how many pages there are.
"""

from typing import Annotated

from pydantic import Field

from crossdock.contracts.accounts import MAX_ACCOUNTS, AccountReport, SentAccount
from crossdock.contracts.fields import Contract, FactId, SystemName
from crossdock.contracts.price_fields import PriceInstant

MAX_PAGES = 10_000

Page = Annotated[int, Field(ge=1, le=MAX_PAGES)]


class AccountListing(Contract):
    """The data of a `customers.listed` webhook: one page, counted from 1. `listing` names the whole of them."""

    listing: FactId
    page: Page
    last: bool = False
    accounts: list[SentAccount] = Field(max_length=MAX_ACCOUNTS)


class AccountsListed(Contract):
    """The data of the event: part `part` of `parts` of a page. `listed_at` is when the system made the page."""

    source: SystemName
    listing: FactId
    listed_at: PriceInstant
    page: Page
    last: bool = False
    part: int = Field(ge=1, le=MAX_ACCOUNTS)
    parts: int = Field(ge=1, le=MAX_ACCOUNTS)
    accounts: list[AccountReport] = Field(max_length=MAX_ACCOUNTS)
