"""Native → canonical for the generic CRM: customers in our own words, so there is nothing to put in other ones."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, Literal

from crossdock.contracts.accounts import AccountList
from crossdock.contracts.codes import NO_CODES, Codes
from crossdock.contracts.facts import accounts_facts, together
from crossdock.contracts.fields import Contract, Instant
from crossdock.contracts.inbound import Translated, read_native

MAPPING_VERSION: Final = "generic_crm/1"
HEADERS: Final[tuple[str, ...]] = ()
CODE_TABLES: Final[tuple[str, ...]] = ()

_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


class _Reported(Contract):
    type: Literal["customers.reported"]
    timestamp: Instant
    data: AccountList


NATIVE: dict[str, type[_Reported]] = {"customers.reported": _Reported}


def translate(
    source: str,
    body: bytes,
    headers: Mapping[str, str] = _NOBODY,  # noqa: ARG001 - all that counts is in the body
    codes: Codes = NO_CODES,  # noqa: ARG001 - customers have no codes of ours
) -> Translated:
    """A webhook body as facts: customers reported.

    Raises pydantic.ValidationError naming what does not fit, or UnknownEventError for another type.
    """
    native = read_native(body, NATIVE)
    return together(accounts_facts(source, native.data.accounts, native.data.origin))
