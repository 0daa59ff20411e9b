"""A customer as it is kept: its golden record, how far it is, and how both follow from what is said of it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Final, Literal, TypeAlias

from crossdock.contracts.customer_attributes import Value
from crossdock.contracts.customer_terms import CustomerTerms
from crossdock.contracts.ownership import Matrix, UnownedError
from crossdock.identity.claims import Record
from crossdock.identity.golden import Enrichment, Golden, choices, golden, values

State: TypeAlias = Literal["checking", "incomplete", "review", "ready", "gone", "merged"]
"""checking: not yet compared with the others; review: it may be another one; merged: it is another one now."""

NOBODY: Final[Mapping[str, Golden]] = {}
COMPARED: Final = (
    "name",
    "legal_name",
    "tax_id",
    "phone",
    "email",
    "website",
    "billing_street",
    "billing_city",
    "billing_region",
    "billing_postcode",
    "billing_country",
)
"""The attributes by which customers are compared with each other."""


@dataclass(frozen=True, slots=True)
class Problem:
    """What keeps a customer from being complete, in which attribute, and what to do about it."""

    attribute: str
    problem: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Suspect:
    """Another customer that may be the same: how alike (0–1, a text), in which words, and what was decided."""

    other: str
    score: str
    why: tuple[str, ...]
    state: Literal["open", "distinct"]
    at: str
    by: str = ""


@dataclass(frozen=True, slots=True)
class Customer:
    """The golden record under a version that grows with every change that anybody can see (the ETag).

    `attributes` are those of which there is one, `many` the contacts and ship-tos by `contact/CT…`. `revision` grows
    with every write, also with one that changes nothing that is believed. `ready_at` is when it was complete first:
    from then on everybody is told of it. `seal` is the last of the chain of hashes over its history. `changed` are the
    attributes that this version changed, `cause` is the correlation id of what it came from. `keys` are those of the
    index by which its like are found, and `compared` says whether they were; `found_by` are those of the search.
    """

    id: str
    version: int = 0
    revision: int = 0
    state: State = "checking"
    attributes: Mapping[str, Golden] = field(default_factory=lambda: NOBODY)
    many: Mapping[str, Golden] = field(default_factory=lambda: NOBODY)
    problems: tuple[Problem, ...] = ()
    matrix: int = 0
    created_at: str = ""
    changed_at: str = ""
    ready_at: str = ""
    into: str | None = None
    compared: bool = False
    keys: tuple[str, ...] = ()
    found_by: tuple[str, ...] = ()
    seal: str = ""
    changed: tuple[str, ...] = ()
    cause: str = ""

    @property
    def everything(self) -> dict[str, Golden]:
        """All attributes, those of which there are many too."""
        return {**self.attributes, **self.many}

    @property
    def values(self) -> dict[str, Value]:
        """What is believed, without what is empty."""
        return values(self.everything)


@dataclass(frozen=True, slots=True)
class Change:
    """One attribute before and after; None: it was not there, or is not any more."""

    old: Golden | None
    new: Golden | None


Check: TypeAlias = Callable[[Mapping[str, Value]], Iterable[Problem]]
"""What is wrong with values beyond their form, such as a tax id that cannot be one."""


@dataclass(frozen=True, slots=True)
class Judging:
    """By what a customer is judged: who owns what, what is derived, when it is complete."""

    matrix: Matrix
    terms: CustomerTerms
    check: Check

    @property
    def enrichments(self) -> list[Enrichment]:
        """The rules by which attributes are derived."""
        return [Enrichment(e.when, e.gives) for e in self.terms.enrichment]


def judged(
    before: Customer, records: Sequence[Record], suspects: Sequence[Suspect], judging: Judging, at: str
) -> Customer:
    """The customer as its records make it, at an instant (RFC 3339 UTC); its version grows where anything changed.

    The same records, suspects and rules give the same record, whatever stood before; only versions and instants differ.
    """
    stands = golden(choices(judging.matrix, records, judging.enrichments))
    after = replace(
        before,
        attributes={n: g for n, g in stands.items() if "/" not in n},
        many={n: g for n, g in stands.items() if "/" in n},
        problems=problems(stands, judging),
        matrix=judging.matrix.version,
        created_at=before.created_at or at,
    )
    # Who says something else of itself has to be compared once more.
    after = replace(after, compared=before.compared and compared_values(before) == compared_values(after))
    after = replace(after, state=_state(after, records, suspects, judging.terms))
    if after.state == "ready" and not after.ready_at:
        after = replace(after, ready_at=at)
    if seen(before) == seen(after):
        return replace(after, version=before.version, changed_at=before.changed_at)
    return replace(after, version=before.version + 1, changed_at=at)


def compared_values(customer: Customer) -> dict[str, Value]:
    """What of a customer is compared with others."""
    return {name: customer.attributes[name].value for name in COMPARED if name in customer.attributes}


def seen(customer: Customer) -> tuple[object, ...]:
    """All of a customer that anybody is told: two of them that are equal here need no new version."""
    stands = {name: (g.value, g.system, g.external, g.version, g.at) for name, g in customer.everything.items()}
    return stands, customer.state, customer.problems, customer.into


def changes(before: Mapping[str, Golden], after: Mapping[str, Golden]) -> dict[str, Change]:
    """The attributes whose value changed; that another says the same now is no change of value."""
    found = {}
    for name in sorted({*before, *after}):
        old, new = before.get(name), after.get(name)
        if (old is None) != (new is None) or (old is not None and not old.same(new)):
            found[name] = Change(old, new)
    return found


def problems(stands: Mapping[str, Golden], judging: Judging) -> tuple[Problem, ...]:
    """What keeps a record from being complete: what is missing, and what cannot be."""
    present = values(stands)
    missing = [
        Problem(
            name, "is missing", f"have {judging.matrix.rule(name).owner} say it, or take it out of customers.required"
        )
        for name in judging.terms.required
        if name not in present
    ]
    return (*missing, *judging.check(present))


def _state(after: Customer, records: Sequence[Record], suspects: Sequence[Suspect], terms: CustomerTerms) -> State:
    if after.into is not None:
        return "merged"
    if records and all(r.gone for r in records):
        return "gone"
    if after.problems:
        return "incomplete"
    if terms.duplicates != "off" and not after.compared and not after.ready_at:
        return "checking"
    waits = terms.duplicates == "hold" and not after.ready_at and any(s.state == "open" for s in suspects)
    return "review" if waits else "ready"


def _owner(matrix: Matrix, name: str) -> str:
    try:
        return matrix.rule(name).owner
    except UnownedError:
        return "somebody who owns it"
