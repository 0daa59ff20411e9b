"""Comparing a customer with the others: what of it is compared, and which of those found are to be looked at.

The libraries that judge names, tax ids and telephone numbers are loaded with the first comparison only.
"""

from collections.abc import Iterable, Mapping
from typing import Protocol

from crossdock.contracts.customer_attributes import Value
from crossdock.identity.customers import Customer, Problem, Suspect
from crossdock.identity.duplicates.party import Party
from crossdock.platform.dynamo import Table


class Comparison(Protocol):
    """What finds who may be the same."""

    def keys(self, customer: str, values: Mapping[str, Value]) -> tuple[str, ...]:
        """The keys of the index that a customer stands under."""
        ...

    def candidates(self, customer: str, values: Mapping[str, Value]) -> Iterable[str]:
        """The customers that share a key with it, without itself."""
        ...

    def alike(self, one: Customer, other: Customer, at: str) -> Suspect | None:
        """The other as somebody who may be the same; None when it is not alike enough to be looked at."""
        ...


class Comparing:
    """The comparison by `crossdock.identity.duplicates`."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def keys(self, customer: str, values: Mapping[str, Value]) -> tuple[str, ...]:
        """At most 12; none of a customer without a name."""
        from crossdock.identity.duplicates.index import index_keys  # noqa: PLC0415 - see above

        party = party_of(customer, values)
        return index_keys(party) if party.name else ()

    def candidates(self, customer: str, values: Mapping[str, Value]) -> Iterable[str]:
        """A query of 1 RCU for each of its keys: of two that come at once, who looks second must see the other."""
        from crossdock.identity.duplicates.index import DuplicateIndex  # noqa: PLC0415 - see above

        return DuplicateIndex(self._table).candidates(party_of(customer, values), consistent=True).ids

    def alike(self, one: Customer, other: Customer, at: str) -> Suspect | None:
        """Judged by `scoring.score`; the words name what speaks for and against it."""
        from crossdock.identity.duplicates.scoring import score  # noqa: PLC0415 - see above

        found = score(party_of(one.id, one.values), party_of(other.id, other.values))
        if not found.raised:
            return None
        why = tuple(f"{e.feature}: {e.verdict}" for e in found.evidence)
        return Suspect(other.id, f"{found.value:.3f}", why, "open", at)


def party_of(customer: str, values: Mapping[str, Value]) -> Party:
    """What is compared of a customer."""

    def text(name: str) -> str | None:
        found = values.get(name)
        return found if isinstance(found, str) else None

    def texts(*names: str) -> tuple[str, ...]:
        return tuple(found for name in names if (found := text(name)))

    return Party(
        id=customer,
        name=text("name") or text("legal_name") or "",
        aliases=texts("legal_name"),
        tax_ids=texts("tax_id"),
        street=text("billing_street"),
        city=text("billing_city"),
        region=text("billing_region"),
        postcode=text("billing_postcode"),
        country=text("billing_country"),
        phones=texts("phone"),
        emails=texts("email"),
        websites=texts("website"),
    )


def sound(values: Mapping[str, Value]) -> list[Problem]:
    """What cannot be: a tax id that fits none of its country's."""
    tax_id, country = values.get("tax_id"), values.get("billing_country")
    if not isinstance(tax_id, str) or not isinstance(country, str):
        return []
    from crossdock.identity.duplicates.tax_ids import tax_id_problem  # noqa: PLC0415 - see above

    problem = tax_id_problem(country, tax_id)
    remedy = "correct it where it is kept, or empty it there if the customer has none"
    return [Problem("tax_id", problem, remedy)] if problem else []
