"""Which customers a partner may see and change.

    serves every customer ("*")                     all of them
    speaks for a system that has the customer       those with an id of that system
    has customers by name                           those that our id, or the id of whoever owns customers' numbers
                                                    (the ERP: so prices know them), is among the names

All others are as if they did not exist. Who speaks for a system sees what is believed of that system's customers,
whoever said it: that is what a golden record is for.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from crossdock.contracts.ownership import Matrix, UnownedError
from crossdock.contracts.xrefs import CrossReference, ExternalId
from crossdock.identity.customer_rows import KIND
from crossdock.identity.customer_store import CustomerStore, Kept
from crossdock.identity.customers import Customer
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.http import Partner
from crossdock.platform.problems import FieldError, Problem

_ID: Final = re.compile(r"CU[A-Z0-9]{16}")
_MERGES: Final = 50


def is_customer_id(text: str) -> bool:
    """Whether a text may be one of our ids: nothing else is looked up."""
    return _ID.fullmatch(text) is not None


def no_such_customer(named: str, field: str = "id") -> Problem:
    """There is no such customer, or the partner may not see it, which is not told apart."""
    remedy = "use the id of a customer of yours, as GET /v1/customers finds it"
    error = FieldError(field, "unknown", remedy)
    return Problem(404, "no-such-customer", f"You have no customer {named[:40]!r}.", [error])


@dataclass(frozen=True, slots=True)
class Sight:
    """What one partner may see. `numbering` is the system by whose ids prices know customers; None: nobody's."""

    partner: Partner
    numbering: str | None

    def knows(self, customer: str, ids: Iterable[ExternalId]) -> bool:
        """Whether it may see a customer of this id, which systems know by these."""
        partner = self.partner
        if partner.serves_all or customer in partner.customers:
            return True
        return any(
            system in partner.sources or (system == self.numbering and external in partner.customers)
            for system, external in ids
        )

    def hears(self, system: str) -> bool:
        """Whether it may know what a system calls another customer: one of its own does."""
        return self.partner.serves_all or system in self.partner.sources


def sight(partner: Partner, matrix: Matrix) -> Sight:
    """What a partner may see, by who owns customers' numbers."""
    try:
        return Sight(partner, matrix.rule("number").owner)
    except UnownedError:
        return Sight(partner, None)


class Visible:
    """Customers as one partner may see them."""

    def __init__(self, store: CustomerStore, xrefs: CrossReferences, seen_by: Sight) -> None:
        self._store = store
        self._xrefs = xrefs
        self.sight = seen_by

    def kept(self, named: str, field: str = "id") -> Kept:
        """All that is kept of a customer: 1 RCU per 4 KB. Raises a 404 problem for one that the partner may not see.

        Of a merged one, whoever may see the one that it is now.
        """
        found = self._store.load(named) if is_customer_id(named) else None
        if found is None or not found.exists or not self._may_see(found):
            raise no_such_customer(named, field)
        return found

    def _may_see(self, found: Kept) -> bool:
        if found.customer.into is None:
            return self.sight.knows(found.customer.id, _ids(found.ids.references))
        now = self._xrefs.current(KIND, found.customer.into)
        return self.among([now]) != []

    def among(self, customers: Iterable[str]) -> list[str]:
        """Of some customers those that the partner may see, in their order: a query of 0.5 RCU each, if not all."""
        if self.sight.partner.serves_all:
            return list(customers)
        return [c for c in customers if self.sight.knows(c, _ids(self._xrefs.externals(KIND, c, every=True)))]

    def head(self, named: str, known_as: Collection[ExternalId] = ()) -> Customer | None:
        """The golden record without contacts and ship-tos, of the one that a merged one is now; None: not to be seen.

        1 RCU, 1 more for each merge on the way, and 0.5 where `known_as` does not show already that it may be seen.
        """
        found, at = None, named
        for _ in range(_MERGES):
            found = self._store.heads([at]).get(at)
            if found is None or found.into is None:
                break
            at = found.into
        if found is None or not (self.sight.knows(found.id, known_as) or self.among([found.id])):
            return None
        return found


def _ids(references: Sequence[CrossReference]) -> list[ExternalId]:
    return [r.id for r in references]
