"""Native → canonical for Salesforce's accounts: see docs/connectors.md for the tables."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from crossdock.connectors.salesforce import changes, payloads, soap
from crossdock.contracts import native
from crossdock.contracts.accounts import AccountReport
from crossdock.contracts.codes import NO_CODES, Codes
from crossdock.contracts.facts import accounts_facts, together
from crossdock.contracts.inbound import Translated, UnknownEventError

MAPPING_VERSION: Final = "salesforce/1"
HEADERS: Final[tuple[str, ...]] = ()
CODE_TABLES: Final[tuple[str, ...]] = ()

_NOBODY: Final[Mapping[str, str]] = MappingProxyType({})


def translate(
    source: str,
    body: bytes,
    headers: Mapping[str, str] = _NOBODY,  # noqa: ARG001 - all that counts is in the body
    codes: Codes = NO_CODES,  # noqa: ARG001 - an account has no codes of ours
) -> Translated:
    """An outbound message, which is XML, or a change event, which is JSON, with or without EventBridge's envelope.

    Raises pydantic.ValidationError naming what does not fit, or UnknownEventError for another object than Account.
    """
    if body.lstrip().startswith(b"<"):
        return _message(source, soap.read(body))
    return changes.translate(source, _payload(native.read_json(body)))


def _payload(document: Any) -> Any:
    """The change event itself: EventBridge puts it under `detail`, Salesforce's own envelope under `payload`."""
    for envelope in ("detail", "payload"):
        if isinstance(document, dict) and envelope in document:
            document = document[envelope]
    return document


def _message(source: str, records: list[soap.Record]) -> Translated:
    """The reports of a message. Of two about one account the later one stands."""
    reports: dict[str, AccountReport] = {}
    for record in records:
        if record.object != changes.ACCOUNT:
            raise UnknownEventError(record.object or "sObject without xsi:type", (changes.ACCOUNT,))
        report = _report(record)
        known = reports.get(report.account)
        if known is None or known.version <= report.version:
            reports[report.account] = report
    return together(accounts_facts(source, list(reports.values())))


def _report(record: soap.Record) -> AccountReport:
    account = payloads.Account.model_validate(record.fields)
    said = {name: text for name, text in record.fields.items() if name in payloads.FIELDS}
    return AccountReport(
        account=account.Id,
        version=native.version_of(account.LastModifiedDate),
        changed_at=account.LastModifiedDate,
        deleted=account.IsDeleted == "true",
        attributes=changes.attributes(said),
    )
