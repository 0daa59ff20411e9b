"""What a report does to a customer: found or made, its record taken in, judged anew, compared with the others.

    report ─▶ which customer? ─▶ what of it is our own echo? ─▶ record ─▶ golden record ─▶ one transaction
                                                                              └▶ compared with its like ─▶ ready

Everything may be done again at any point: what is written is either all there or not at all, and a repetition finds it.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import Final, TypeAlias

from crossdock.contracts.accounts import AccountReport
from crossdock.contracts.customer_attributes import Value
from crossdock.contracts.xrefs import CrossReference, ExternalId
from crossdock.identity import complaints, telling
from crossdock.identity.claims import GONE, Heard, Record, absorb, canonical
from crossdock.identity.comparing import Comparison
from crossdock.identity.complaints import Complaint
from crossdock.identity.customer_rows import KIND
from crossdock.identity.customer_store import CustomerStore, Kept, Next, writes
from crossdock.identity.customers import Customer, Judging, judged
from crossdock.identity.duplicates.index import changes as index_changes
from crossdock.identity.hierarchy import above
from crossdock.identity.journal import Cause
from crossdock.identity.ownership import may_write
from crossdock.identity.reports import Statement, statements, unowned
from crossdock.identity.suspecting import Suspecting
from crossdock.identity.xref_writes import Attaching, XrefError
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.clock import from_text, to_text
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import AtomicWrite

ROUNDS: Final = 12
"""How often a report is judged anew: each time another writer of the same customer was done."""
MOST_REVERTS: Final = 3
"""So often a day a system is told again what it may not say; who then still says it fights (decision 73)."""
_DAY: Final = timedelta(days=1)


@dataclass(slots=True)
class Taken:
    """What became of a report: the customer (None: none could be found or made), and what came of it.

    `created`: the report made the customer. `revert`: attributes of which the source holds what it may not say; it is
    to be told what is true.
    """

    customer: str | None = None
    created: bool = False
    changed: bool = False
    echoed: tuple[str, ...] = ()
    revert: tuple[str, ...] = ()
    complaints: list[Complaint] = field(default_factory=list)


Allow: TypeAlias = Callable[[Kept, Customer, Taken], None]
"""Looks at the customer as it is and would be, and at what would be complained of; what it raises ends the report."""


@dataclass(frozen=True, slots=True)
class _Plan:
    writes: list[AtomicWrite]
    taken: Taken


class Reporting:
    """Takes reports of accounts in."""

    def __init__(self, store: CustomerStore, xrefs: CrossReferences, comparison: Comparison, judging: Judging) -> None:
        self._store = store
        self._xrefs = xrefs
        self._comparison = comparison
        self._judging = judging
        self._suspecting = Suspecting(store, comparison, judging)

    def take(
        self, source: str, origin: str | None, report: AccountReport, cause: Cause, allow: Allow | None = None
    ) -> Taken:
        """Takes one report in, in one transaction (more when it has many contacts or ship-tos).

        Raises what `allow` raises, and StoreUnavailableError when other writers keep standing in the way; then it may
        be taken again.
        """
        whole = Taken()
        ahead = int((report.changed_at - from_text(cause.at)).total_seconds())
        if ahead > (tolerance := self._judging.terms.clock_tolerance_s):
            whole.complaints.append(complaints.in_future(source, to_text(report.changed_at), ahead, tolerance))
            return whole
        if origin is not None and any(name in origin for name in self._judging.terms.our_names):
            whole.echoed = tuple(sorted(report.attributes))
            return whole
        for statement in statements(source, report, self._xrefs):
            taken = self._carried_out(statement.id, partial(self._plan, statement, cause, allow))
            whole.customer = taken.customer or whole.customer
            whole.created |= taken.created
            whole.changed |= taken.changed
            whole.echoed += taken.echoed
            whole.revert += taken.revert
            whole.complaints += taken.complaints
            if taken.customer is None:
                return whole
        if whole.customer is not None:
            whole.complaints += self.compare(whole.customer, cause)
        return whole

    def revise(self, customer: str, revision: Callable[[Kept], Statement], cause: Cause, allow: Allow) -> Taken:
        """Takes in what is said of a customer as it is kept: in one transaction, or not at all.

        `revision` makes the statement of what is kept at that moment: who knows that says nothing by echo. What it or
        `allow` raises ends it, with nothing written. Raises StoreUnavailableError likewise.
        """

        def plan() -> _Plan:
            kept = self._store.load(customer)
            statement = revision(kept)
            return self._planned(statement, self._attaching(statement), kept, cause, allow, hours=0)

        taken = self._carried_out((cause.by, customer), plan)
        if taken.customer is not None:
            taken.complaints += self.compare(customer, cause)
        return taken

    def compare(self, customer: str, cause: Cause) -> list[Complaint]:
        """Compares a customer with the others, if that is still to be done; see `Suspecting.compare`."""
        return self._suspecting.compare(customer, cause)

    def _carried_out(self, who: ExternalId, planned: Callable[[], _Plan]) -> Taken:
        for _ in range(ROUNDS):
            try:
                plan = planned()
            except XrefError as exc:
                kind: complaints.Kind = "unknown_customer" if exc.why == "unknown" else "reference_conflict"
                return Taken(complaints=[Complaint(kind, who[1], exc.message, exc.remedy)])
            if not plan.writes or self._store.commit(plan.writes):
                return plan.taken
        raise StoreUnavailableError(f"{who[0]} {who[1]!r}: its customer kept being changed by others")

    def _plan(self, statement: Statement, cause: Cause, allow: Allow | None) -> _Plan:
        attaching = self._attaching(statement)
        return self._planned(statement, attaching, self._store.load(attaching.canonical), cause, allow)

    def _planned(
        self,
        statement: Statement,
        attaching: Attaching,
        kept: Kept,
        cause: Cause,
        allow: Allow | None,
        hours: int | None = None,
    ) -> _Plan:
        taken = Taken(customer=attaching.canonical, created=attaching.created)
        says, checks = self._sound(statement, kept, taken)
        told = kept.told.get(statement.source, telling.Told(statement.source))
        hours = self._judging.terms.echo_hours if hours is None else hours
        echoed = telling.echoes(told, says, statement.at, hours) if hours else {}
        taken.echoed = tuple(sorted(echoed))
        absorbed = absorb(_record(statement, kept), statement.version, statement.at, says, echoed.keys())
        if absorbed.contradictions:
            found = complaints.contradicts(statement.source, statement.version, absorbed.contradictions)
            taken.complaints.append(found)
        records = [*(r for r in kept.records if r.id != statement.id), absorbed.record]
        after = self._judged(kept, records, cause)
        if attaching.writes and after.version == kept.customer.version:
            # What everybody calls it is a part of what everybody is told.
            after = replace(after, version=after.version + 1, changed_at=cause.at)
        heard_told = replace(told, heard={**told.heard, **echoed})
        heard_told = self._foreign(statement.source, says, absorbed.heard, after, heard_told, cause, taken)
        if allow is not None:
            allow(kept, after, taken)
        if not absorbed.changed and not attaching.writes and heard_told == told:
            return _Plan([], taken)
        taken.changed = after.version != kept.customer.version
        wanted = Next(
            after, [absorbed.record] if absorbed.changed else [], (), [heard_told] if heard_told != told else []
        )
        # What a late report calls a contact that was erased since stays forgotten with it.
        late = {name for name, heard in absorbed.heard.items() if heard is Heard.OLDER}
        naming = [w for name, found in statement.naming.items() if name not in late for w in found]
        made = [*writes(kept, wanted, cause), *attaching.writes, *naming, *checks]
        return _Plan([*made, *index_changes(after.id, kept.customer.keys, after.keys)], taken)

    def _attaching(self, statement: Statement) -> Attaching:
        """Which customer is spoken of, and the writes that make its ids known. Raises XrefError."""
        roles = {statement.id: statement.role} if statement.role else {}
        if statement.customer is None:
            return self._xrefs.plan_mint(KIND, statement.ids, roles=roles)
        root = self._xrefs.current(KIND, statement.customer)
        return self._xrefs.plan_attach([CrossReference(KIND, *i, root, roles.get(i)) for i in statement.ids])

    def _judged(self, kept: Kept, records: Sequence[Record], cause: Cause) -> Customer:
        after = judged(kept.customer, records, list(kept.suspects.values()), self._judging, cause.at)
        if after.compared or self._judging.terms.duplicates == "off":
            return after
        return replace(after, keys=self._comparison.keys(after.id, after.values))

    def _sound(self, statement: Statement, kept: Kept, taken: Taken) -> tuple[dict[str, Value], list[AtomicWrite]]:
        """What of a statement can be taken in, and what must hold for that."""
        says = dict(statement.says)
        nobodys = unowned(self._judging.matrix, says)
        if nobodys:
            taken.complaints.append(complaints.unowned(nobodys))
            says = {name: value for name, value in says.items() if name not in nobodys}
        parent = says.get("parent")
        if not isinstance(parent, str) or not may_write(self._judging.matrix, "parent", statement.source):
            return says, []
        own = {*statement.ids, *(r.id for r in kept.ids.references)}
        found = above(self._xrefs, self._store, kept.customer.id, own, (statement.source, parent))
        if found.circle:
            taken.complaints.append(complaints.circle(statement.source, found.way))
            del says["parent"]
            return says, []
        return says, list(found.checks)

    def _foreign(
        self,
        source: str,
        says: Mapping[str, Value],
        heard: Mapping[str, Heard],
        after: Customer,
        told: telling.Told,
        cause: Cause,
        taken: Taken,
    ) -> telling.Told:
        """What follows when a system says something else than what stands, of which it is no owner."""
        stands = after.everything
        for name, value in says.items():
            if name == GONE or heard[name] is Heard.OLDER or may_write(self._judging.matrix, name, source):
                continue
            golden = stands.get(name)
            if golden is None or canonical(golden.value) == canonical(value):
                continue
            rule = self._judging.matrix.rule(name)
            if rule.foreign == "raise":
                taken.complaints.append(complaints.not_owner(source, name, rule.owner))
            if rule.foreign == "ignore" or source not in rule.written_back:
                continue
            count, since = told.reverted.get(name, (0, cause.at))
            if from_text(cause.at) - from_text(since) > _DAY:
                count, since = 0, cause.at
            if count >= MOST_REVERTS:
                taken.complaints.append(complaints.fights(source, name, count))
                continue
            taken.revert = (*taken.revert, name)
            if heard[name] is not Heard.SAME:  # a repetition is told again, and counted once
                told = replace(told, reverted={**told.reverted, name: (count + 1, since)})
        return told


def _record(statement: Statement, kept: Kept) -> Record:
    """The record that a statement is of, as it is kept; a new one belongs to the customer itself."""
    found = next((r for r in kept.records if r.id == statement.id), None)
    return found or Record(*statement.id, role=statement.role, home=kept.customer.id)
