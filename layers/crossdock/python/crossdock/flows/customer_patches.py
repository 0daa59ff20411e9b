"""A change of a customer (JSON merge patch, RFC 7396) as what one of its records is to say."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, cast

from crossdock.contracts.customer_attributes import FIELDS, Value, checked
from crossdock.contracts.customer_requests import CustomerPatch
from crossdock.contracts.xrefs import ExternalId, Kind, kind_of_id
from crossdock.flows.customer_rights import field
from crossdock.identity.claims import canonical
from crossdock.identity.customers import Customer
from crossdock.identity.reports import named
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.problems import FieldError, Problem
from crossdock.platform.writes import AtomicWrite

_TAG: Final = re.compile(r'"([0-9]{1,15})"')


@dataclass(frozen=True, slots=True)
class Patched:
    """What is said, by attribute, and what is written so that new contacts and ship-tos have ids."""

    says: Mapping[str, Value]
    naming: Mapping[str, tuple[AtomicWrite, ...]]


def names(asked: CustomerPatch) -> list[str]:
    """The attributes that a change is about; contacts and ship-tos by the ids that it names."""
    many = [*(f"contact/{one}" for one in asked.contacts), *(f"ship_to/{one}" for one in asked.ship_tos)]
    return [*asked.attributes, *many]


def patched(asked: CustomerPatch, source: str, customer: Customer, xrefs: CrossReferences) -> Patched:
    """What a change says of a customer as it is. Raises a 422 problem that names the contact or ship-to."""
    says: dict[str, Value] = dict(asked.attributes)
    naming: dict[str, tuple[AtomicWrite, ...]] = {}
    many: list[tuple[Kind, Mapping[str, Any]]] = [("contact", asked.contacts), ("ship_to", asked.ship_tos)]
    for kind, said in many:
        for one, part in said.items():
            name, made = _name(kind, one, source, customer, xrefs)
            if part is None and name not in customer.many:
                continue
            says[name] = _document(f"{kind}/{one}", customer.many[name].value if name in customer.many else {}, part)
            naming |= made
    return Patched(says, naming)


def _name(
    kind: Kind, one: str, source: str, customer: Customer, xrefs: CrossReferences
) -> tuple[str, dict[str, tuple[AtomicWrite, ...]]]:
    name = f"{kind}/{one}"
    if name in customer.many:
        return name, {}
    if kind_of_id(one) == kind:
        return name, {}
    (found,), naming = named(source, [(kind, one, None)], xrefs)
    return found, naming


def _document(name: str, stands: Value, part: Mapping[str, Any] | None) -> Value:
    if part is None:
        return None
    kind, _, one = name.partition("/")
    if not stands and kind_of_id(one) == kind:
        raise _wrong(name, "is none of this customer's", "use an id that the customer's document has, or one of yours")
    known = cast("dict[str, str | None]", stands or {})
    merged = {n: v for n, v in {**known, **part}.items() if v is not None}
    try:
        return checked(f"{kind}/x", {n: merged[n] for n in FIELDS[cast("Any", kind)] if n in merged})
    except ValueError as exc:
        problem, _, remedy = str(exc).partition("; ")
        raise _wrong(name, problem, remedy or "correct it") from exc


def _wrong(name: str, problem: str, remedy: str) -> Problem:
    error = FieldError(field(name), problem, remedy)
    text = f"{error.field}: {problem}. Remedy: {remedy}. Nothing was stored."
    return Problem(422, "invalid-document", text, [error])


# -- preconditions ------------------------------------------------------------------------------------------------


def required(if_match: str | None) -> str:
    """The header If-Match. Raises a 428 problem without one."""
    if if_match is None or not if_match.strip():
        raise Problem(
            428,
            "precondition-required",
            "If-Match: missing. Nothing was stored.",
            [FieldError("If-Match", "missing", "send the ETag of the customer as you read it")],
        )
    return if_match


def matches(if_match: str, version: int) -> bool:
    """Whether it names this version, or any (`*`); weak tags name none."""
    tags = [tag.strip() for tag in if_match.split(",")]
    return "*" in tags or f'"{version}"' in tags


def failed(version: int) -> Problem:
    """Another version than the caller has read."""
    error = FieldError("If-Match", f'the customer has the version "{version}"', "read it again, then change that")
    text = "The customer was changed since it was read. Nothing was stored."
    return Problem(412, "precondition-failed", text, [error], members={"version": version})


def applied(if_match: str, says: Mapping[str, Value], record: ExternalId, customer: Customer) -> bool:
    """Whether this very change made the version that stands in its way: who repeats it is told so (RFC 9110, 13.1.1).

    So it is when the version is the next one, and each attribute stands as asked, by the record's own word.
    """
    before = {int(match[1]) for tag in if_match.split(",") if (match := _TAG.fullmatch(tag.strip()))}
    if customer.version - 1 not in before:
        return False
    for name, value in says.items():
        stands = customer.everything.get(name)
        if stands is None:
            if value is not None:
                return False
        elif canonical(stands.value) != canonical(value) or (stands.system, stands.external) != record:
            return False
    return True
