"""Customers as partners read them: one, some that fit, and what was believed of one before."""

from dataclasses import dataclass
from itertools import islice
from typing import Any

from crossdock.contracts.xrefs import ExternalId
from crossdock.flows.customer_access import Visible, no_such_customer, sight
from crossdock.flows.customer_questions import Search
from crossdock.flows.customer_views import CustomerViews, history_changes, summary
from crossdock.identity.customer_rows import KIND
from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.customers import Customer, Judging
from crossdock.identity.findable import Findable
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.http import Partner


@dataclass(frozen=True, slots=True)
class Page:
    """Documents, and the place behind the last one that was looked at; None: that is all."""

    documents: list[dict[str, Any]]
    next: str | None


class CustomerAnswers:
    """Answers what partners ask of customers; nothing is written."""

    def __init__(self, store: CustomerStore, xrefs: CrossReferences, findable: Findable, judging: Judging) -> None:
        self._store = store
        self._xrefs = xrefs
        self._findable = findable
        self._judging = judging

    def visible(self, partner: Partner) -> Visible:
        """Customers as the partner may see them."""
        return Visible(self._store, self._xrefs, sight(partner, self._judging.matrix))

    def one(self, named: str, partner: Partner, *, explain: bool) -> dict[str, Any]:
        """The golden record. Raises a 404 problem for one that the partner may not see."""
        visible = self.visible(partner)
        return CustomerViews(self._xrefs, self._judging, visible).whole(visible.kept(named), explain=explain)

    def some(self, asked: Search, partner: Partner, after: str | None) -> Page:
        """Those that fit and may be seen, by their ids, behind `after`.

        1 RCU for the key and 1 for each found; 0.5 for each that a partner who does not serve all may or may not see.
        """
        visible = self.visible(partner)
        if asked.external is not None:
            found, following = self._known_as(asked.external), None
        else:
            found = self._findable.under(asked.keys[0], after, asked.limit + 1)
            following = found[asked.limit - 1] if len(found) > asked.limit else None
        seen = visible.among(found[: asked.limit])
        heads = self._store.heads(seen)
        fitting = [heads[c] for c in seen if c in heads and _fits(heads[c], asked)]
        return Page([summary(c, visible.sight) for c in fitting], following)

    def _known_as(self, external: ExternalId) -> list[str]:
        return [r.canonical for r in self._xrefs.references(KIND, [external], consistent=True).values()]

    def history(self, named: str, partner: Partner, attribute: str | None, limit: int, after: str | None) -> Page:
        """What changed, oldest first; `limit` versions are looked at. Raises a 404 problem likewise.

        The customer is read as for `one`, its history at 1 RCU per 4 KB.
        """
        visible = self.visible(partner)
        if visible.kept(named).customer.version == 0:
            raise no_such_customer(named)
        rows = list(islice(self._store.history(named, after=after, page=limit + 1), limit + 1))
        following = str(rows[limit - 1]["sk"]) if len(rows) > limit else None
        return Page(history_changes(rows[:limit], attribute, visible.sight), following)


def _fits(customer: Customer, asked: Search) -> bool:
    """Whether all keys are the customer's; the index said so of the first one a moment ago."""
    return all(key in customer.found_by for key in asked.keys)
