"""A report of an account in the words of our records: attributes, contacts and ship-tos by their canonical ids."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from crossdock.contracts.accounts import AccountReport
from crossdock.contracts.customer_attributes import Value
from crossdock.contracts.ownership import Matrix, UnownedError
from crossdock.contracts.xrefs import CrossReference, ExternalId, Kind
from crossdock.identity.claims import GONE
from crossdock.identity.xref_writes import attach_writes, minted_id
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import to_text
from crossdock.platform.writes import AtomicWrite

# A contact or ship-to is up to 5 of the 100 writes of a transaction: its cross-reference both ways with its guard, what
# is said of it, what stands.
MANY_AT_ONCE = 12


@dataclass(frozen=True, slots=True)
class Statement:
    """What a report says, or a part of it that fits one transaction. `ids` are what its source calls the customer.

    `naming` are the writes that make new contacts and ship-tos known by their source's ids, by attribute.
    """

    source: str
    account: str
    version: int
    at: str
    says: Mapping[str, Value]
    ids: tuple[ExternalId, ...]
    customer: str | None
    role: str | None
    naming: Mapping[str, tuple[AtomicWrite, ...]] = field(default_factory=dict)

    @property
    def id(self) -> ExternalId:
        """What the source calls its record."""
        return self.source, self.account


def statements(source: str, report: AccountReport, xrefs: CrossReferences) -> Iterator[Statement]:
    """A report in parts of which each fits a transaction; the first has all of which there is one.

    Contacts and ship-tos get their canonical ids by their source's: 1 RCU each.
    """
    ids = ((source, report.account), *((k.system, k.id) for k in report.known_as))
    head = Statement(
        source,
        report.account,
        report.version,
        to_text(report.changed_at),
        {**report.attributes, GONE: report.deleted},
        tuple(dict.fromkeys(ids)),
        report.customer,
        report.role,
    )
    yield head
    many: list[tuple[Kind, str, Value]] = [("contact", i, v) for i, v in report.contacts.items()]
    many += [("ship_to", i, v) for i, v in report.ship_tos.items()]
    for start in range(0, len(many), MANY_AT_ONCE):
        part = many[start : start + MANY_AT_ONCE]
        names, naming = named(source, part, xrefs)
        said = {name: value for name, (_, _, value) in zip(names, part, strict=True)}
        yield Statement(source, head.account, head.version, head.at, said, head.ids, head.customer, head.role, naming)


def named(
    source: str, many: Sequence[tuple[Kind, str, Value]], xrefs: CrossReferences
) -> tuple[list[str], dict[str, tuple[AtomicWrite, ...]]]:
    """The attribute of each contact or ship-to, by its source's id, and the writes of those that are new."""
    kept = {
        (kind, i): found.canonical
        for kind in {k for k, _, _ in many}
        for i, found in xrefs.references(
            kind, [(source, one) for k, one, _ in many if k == kind], consistent=True
        ).items()
    }
    names: list[str] = []
    naming: dict[str, tuple[AtomicWrite, ...]] = {}
    for kind, one, _ in many:
        external = (source, one)
        canonical = kept.get((kind, external)) or minted_id(kind, external)
        names.append(f"{kind}/{canonical}")
        if (kind, external) not in kept:
            made = attach_writes([CrossReference(kind, *external, canonical)], {}, None, create=True)
            naming[names[-1]] = made.writes
    return names, naming


def unowned(matrix: Matrix, says: Mapping[str, Value]) -> dict[str, str]:
    """The attributes that nobody owns, with what to do about each."""
    found = {}
    for name in says:
        try:
            if name != GONE:
                matrix.rule(name)
        except UnownedError as exc:
            found[name] = str(exc)
    return found
