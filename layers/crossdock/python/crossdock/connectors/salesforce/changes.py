"""Change events: which accounts changed, and in which of their fields."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from crossdock.connectors.salesforce import payloads
from crossdock.contracts import native
from crossdock.contracts.accounts import AccountReport
from crossdock.contracts.codes import Refused
from crossdock.contracts.facts import accounts_facts, together
from crossdock.contracts.inbound import Translated, UnknownEventError

ACCOUNT: Final = "Account"

_WHOLE = frozenset({"CREATE", "UNDELETE"})
_GONE = frozenset({"DELETE", "GAP_DELETE"})
_GAPS = frozenset({"GAP_CREATE", "GAP_UPDATE", "GAP_UNDELETE", "GAP_OVERFLOW"})
_TYPES = (*sorted(_WHOLE | _GONE), "UPDATE", *sorted(_GAPS))
_LAST_IN_TRANSACTION = 999


def translate(source: str, payload: Any) -> Translated:
    """A change event as what it says of accounts; one that says only that something is missing is refused."""
    header = payloads.Change.model_validate(payload).ChangeEventHeader
    if header.entityName != ACCOUNT:
        raise UnknownEventError(header.entityName, (ACCOUNT,))
    if header.changeType not in _TYPES:
        raise UnknownEventError(header.changeType, _TYPES)
    everything = [i for i in header.recordIds if i.endswith("*")]
    if header.changeType in _GAPS or everything:
        return _missing(source, header)
    said = {} if header.changeType in _GONE else _said(_flat(payload), header)
    reports = [
        AccountReport(
            account=record,
            version=native.version_of(header.commitTimestamp) + min(header.sequenceNumber, _LAST_IN_TRANSACTION),
            changed_at=header.commitTimestamp,
            deleted=header.changeType in _GONE,
            attributes=attributes(said),
        )
        for record in dict.fromkeys(header.recordIds)
    ]
    return together(accounts_facts(source, reports, header.changeOrigin))


def attributes(said: Mapping[str, Any]) -> dict[Any, str | None]:
    """The attributes of our contract from an account's fields. Raises pydantic.ValidationError naming a field."""
    texts = payloads.Texts.model_validate(said)
    return {payloads.FIELDS[name]: getattr(texts, name) for name in said}


def _flat(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The fields we know, with an address's parts as fields of their own."""
    flat = {name: value for name, value in payload.items() if name in payloads.FIELDS}
    for compound, prefix in payloads.COMPOUNDS.items():
        parts = payload.get(compound)
        if isinstance(parts, dict):
            flat |= {prefix + part: text for part, text in parts.items() if prefix + part in payloads.FIELDS}
    return flat


def _said(fields: Mapping[str, Any], header: payloads.Header) -> dict[str, Any]:
    """What the event says: fields that are null because nobody touched them say nothing."""
    if header.changeType in _WHOLE:
        return {name: value for name, value in fields.items() if value is not None}
    touched = set(_components((*header.changedFields, *(header.nulledFields or ()))))
    if touched:
        return {name: fields.get(name) for name in payloads.FIELDS if name in touched}
    return {n: v for n, v in fields.items() if v is not None or header.nulledFields is None}


def _components(names: Iterable[str]) -> Iterable[str]:
    """`BillingAddress.City` as `BillingCity`; a whole address as all of its parts."""
    for name in names:
        compound, _, part = name.partition(".")
        prefix = payloads.COMPOUNDS.get(compound)
        if prefix is None:
            yield name
        elif part:
            yield prefix + part
        else:
            yield from (field for field in payloads.FIELDS if field.startswith(prefix))


def _missing(source: str, header: payloads.Header) -> Refused:
    """A gap event names records whose changes Salesforce could not tell, a star all records of the object."""
    return Refused(
        kind="changes_lost",
        subject=f"account/{source}/{header.recordIds[0]}",
        detail=f"Salesforce tells by {header.changeType} that {len(header.recordIds)} changed accounts "
        f"({', '.join(header.recordIds[:3])}{', …' if len(header.recordIds) > 3 else ''}) are not told in events",  # noqa: PLR2004
        remedy="have these accounts saved once more in Salesforce, or import them; then close this",
    )
