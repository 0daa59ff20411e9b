"""What may not be said of a customer, and why: problems that name each attribute, whose it is, and what to do."""

from collections.abc import Collection, Iterable, Mapping

from crossdock.contracts.customer_attributes import Value
from crossdock.contracts.ownership import Matrix, UnownedError
from crossdock.contracts.xrefs import ExternalId
from crossdock.identity.claims import canonical
from crossdock.identity.customer_store import Kept
from crossdock.identity.customers import Customer
from crossdock.identity.ownership import may_write
from crossdock.identity.reporting import Taken
from crossdock.platform.http import Partner
from crossdock.platform.problems import FieldError, Problem


class SameVersionError(Exception):
    """Another report of the same record took this version, with other values; nothing was written."""


def check_owners(matrix: Matrix, source: str, names: Iterable[str]) -> None:
    """Raises a 422 problem for attributes that a system may never say anything of."""
    strange = {name: _owner(matrix, name) for name in names if not _may(matrix, name, source)}
    if strange:
        raise not_yours(source, {name: (owner, _why(owner)) for name, owner in strange.items()})


def check_systems(partner: Partner, systems: Collection[str]) -> None:
    """Raises a 403 problem for ids of a system that the partner may not speak for: it could take others' customers."""
    for system in systems:
        if not partner.serves_all:
            partner.source(system)


def check_sound(taken: Taken) -> None:
    """Raises a 422 problem for a parent that leads back, SameVersionError for a version that is taken."""
    for complaint in taken.complaints:
        if complaint.kind == "hierarchy_circle":
            error = FieldError("attributes.parent", "leads back to the customer itself", "name another, or send null")
            text = "The parent leads back to the customer itself. Nothing was stored."
            raise Problem(422, "hierarchy-circle", text, [error])
        if complaint.kind == "conflicting_report":
            raise SameVersionError


def check_stands(source: str, says: Mapping[str, Value], after: Customer) -> None:
    """Raises a 422 problem for what would not be believed, though the system may say it: another comes first."""
    lost: dict[str, tuple[str | None, str]] = {}
    for name, value in says.items():
        stands = after.everything.get(name)
        if stands is not None and canonical(stands.value) != canonical(value):
            lost[name] = (stands.system, f"{stands.system} comes first: {stands.why}")
    if lost:
        raise not_yours(source, lost)


def not_yours(source: str, strange: Mapping[str, tuple[str | None, str]]) -> Problem:
    """Attributes by name, with their owner and why it is not the source."""
    errors = [
        FieldError(
            field(name),
            f"{source} may not say it; {why}",
            f"have it changed in {owner}, or leave it out" if owner else "leave it out, or ask the distributor",
        )
        for name, (owner, why) in sorted(strange.items())
    ]
    return Problem(
        422,
        "attribute-not-yours",
        f"{', '.join(sorted(strange))[:200]}: {source} may not say that. Nothing was stored.",
        errors,
        members={"owners": {name: owner for name, (owner, _) in sorted(strange.items())}},
    )


def field(name: str) -> str:
    """Where a request says an attribute."""
    kind, _, one = name.partition("/")
    return f"{kind}s.{one}" if one else f"attributes.{name}"


def ids_conflict(customers: Collection[str], ids: Iterable[ExternalId]) -> Problem:
    """Ids of one request that mean several customers."""
    named = ", ".join(f"{system} {external}" for system, external in ids)[:200]
    remedy = "send ids of one customer; if these are one, have the distributor merge them"
    return Problem(
        409,
        "customer-ids-conflict",
        f"These ids mean several customers: {named}. Nothing was stored.",
        [FieldError("account", "means another customer than the other ids", remedy)],
        members={"customers": sorted(customers)},
    )


def check_there(kept: Kept) -> None:
    """Raises a 409 problem for a customer that cannot be changed: it is another one now, or gone."""
    customer = kept.customer
    if customer.into is not None:
        remedy = f"change {customer.into}: that is what it is now"
        text = f"{customer.id} was merged into {customer.into}. Nothing was stored."
        error = FieldError("id", "was merged", remedy)
        raise Problem(409, "customer-merged", text, [error], members={"customers": [customer.into]})
    if customer.state == "gone":
        raise gone(customer.id)


def gone(customer: str) -> Problem:
    """Every system deleted it, or the one that speaks did."""
    error = FieldError("id", "was deleted", "report it anew with POST /v1/customers")
    return Problem(409, "customer-gone", f"{customer} was deleted. Nothing was stored.", [error])


def _may(matrix: Matrix, name: str, source: str) -> bool:
    try:
        return may_write(matrix, name, source)
    except UnownedError:
        return False


def _owner(matrix: Matrix, name: str) -> str | None:
    try:
        return matrix.rule(name).owner
    except UnownedError:
        return None


def _why(owner: str | None) -> str:
    return f"{owner} owns it" if owner else "nobody owns it"
