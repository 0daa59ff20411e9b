"""Native → canonical for the generic CRM: customers in our own words, so there is nothing to put in other ones."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from crossdock.contracts.accounts import AccountList
from crossdock.contracts.codes import NO_CODES, Codes
from crossdock.contracts.facts import accounts_facts, listing_facts, together
from crossdock.contracts.fields import Contract, Instant
from crossdock.contracts.inbound import Translated, read_native
from crossdock.contracts.listings import AccountListing

MAPPING_VERSION: Final = "generic_crm/1"
HEADERS: Final[tuple[str, ...]] = ()
CODE_TABLES: Final[tuple[str, ...]] = ()

_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


class _Reported(Contract):
    type: Literal["customers.reported"]
    timestamp: Instant
    data: AccountList


class _Listed(Contract):
    type: Literal["customers.listed"]
    timestamp: Instant
    data: AccountListing


_Native = _Reported | _Listed
NATIVE: dict[str, type[_Native]] = {"customers.reported": _Reported, "customers.listed": _Listed}


def translate(
    source: str,
    body: bytes,
    headers: Mapping[str, str] = _NOBODY,  # noqa: ARG001 - all that counts is in the body
    codes: Codes = NO_CODES,  # noqa: ARG001 - customers have no codes of ours
) -> Translated:
    """A webhook body as facts: customers reported, or all of them listed.

    Raises pydantic.ValidationError naming what does not fit, or UnknownEventError for another type.
    """
    native = read_native(body, NATIVE)
    if isinstance(native, _Listed):
        return together(listing_facts(source, native.data, native.timestamp))
    return together(accounts_facts(source, native.data.accounts, native.data.origin))
