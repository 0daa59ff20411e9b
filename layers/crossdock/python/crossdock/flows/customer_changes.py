"""Customers as partners report and change them: each speaks as one of its systems, of what that may say."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from crossdock.contracts.accounts import AccountReport
from crossdock.contracts.customer_requests import CustomerPatch, CustomerReport
from crossdock.contracts.refusals import Refuse
from crossdock.contracts.xrefs import ExternalId
from crossdock.flows.account_reports import duplicate_refusals
from crossdock.flows.customer_access import Visible, no_such_customer, sight
from crossdock.flows.customer_patches import Patched, applied, failed, matches, names, patched
from crossdock.flows.customer_rights import (
    SameVersionError,
    check_owners,
    check_sound,
    check_stands,
    check_systems,
    check_there,
    gone,
    ids_conflict,
)
from crossdock.identity.claims import Record
from crossdock.identity.customer_rows import KIND
from crossdock.identity.customer_store import Kept
from crossdock.identity.customers import Customer
from crossdock.identity.intents import Intent, Intents, hashed
from crossdock.identity.journal import Cause
from crossdock.identity.reporting import Taken
from crossdock.identity.reports import Statement
from crossdock.identity.use_cases import CustomerUseCases
from crossdock.platform.clock import Clock, from_text, to_text
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.http import Partner
from crossdock.platform.problems import FieldError, Problem

_ROUNDS: Final = 8


@dataclass(frozen=True, slots=True)
class Changed:
    """A customer as it is now, and whether the request made it."""

    kept: Kept
    created: bool


class _AppliedError(Exception):
    """The change was made before, by this same request."""


class CustomerChanges:
    """Takes in what partners say of customers."""

    def __init__(self, customers: CustomerUseCases, intents: Intents, refuse: Refuse, clock: Clock) -> None:
        self._customers = customers
        self._intents = intents
        self._refuse = refuse
        self._clock = clock

    def visible(self, partner: Partner) -> Visible:
        """Customers as the partner may see them."""
        return Visible(self._customers.store, self._customers.xrefs, sight(partner, self._customers.judging.matrix))

    # -- reporting -----------------------------------------------------------------------------------------------

    def report(self, asked: CustomerReport, partner: Partner, key: str | None, correlation_id: str) -> Changed:
        """Takes a report in; under a key that was used before, the same once more, which changes nothing.

        Raises problems: source-not-yours, attribute-not-yours, no-such-customer, customer-ids-conflict,
        hierarchy-circle, idempotency-key-reused. Nothing is written then.
        """
        source = partner.source(asked.source)
        check_systems(partner, [k.system for k in asked.known_as])
        many = [*(["contact/x"] if asked.contacts else []), *(["ship_to/x"] if asked.ship_tos else [])]
        check_owners(self._customers.judging.matrix, source, [*asked.attributes, *many])
        ids = [(source, asked.account), *((k.system, k.id) for k in asked.known_as)]
        customer = self._meant(asked, partner, ids)
        request = hashed(f"{source} {asked.model_dump_json()}")
        for _ in range(_ROUNDS):
            intent = self._intent(partner, key, request, ids[0])
            said = _account_report(asked, intent, customer)
            cause = Cause(source, correlation_id, intent.at)
            try:
                taken = self._customers.reporting.take(source, None, said, cause, lambda *found: check_sound(found[2]))
            except SameVersionError:
                if key is not None:
                    self._intents.put_off(partner.name, key, self._fresh(request, ids[0]))
                continue
            return self._reported(taken, source, said, correlation_id, ids)
        raise StoreUnavailableError(f"{source} {asked.account!r} kept being reported by others")

    def _meant(self, asked: CustomerReport, partner: Partner, ids: Sequence[ExternalId]) -> str | None:
        """Our id, where the report names it and its other ids do not say yet what they mean. Raises problems."""
        known = {r.canonical for r in self._customers.xrefs.references(KIND, ids, consistent=True).values()}
        if asked.customer is None:
            named = set[str]()
        else:
            self.visible(partner).kept(asked.customer, "customer")
            named = {self._customers.xrefs.current(KIND, asked.customer)}
        if len(known | named) > 1:
            raise ids_conflict(known | named, ids)
        return asked.customer if not known else None

    def _intent(self, partner: Partner, key: str | None, request: str, record: ExternalId) -> Intent:
        """Under which version and instant the request says what it says."""
        intent = self._intents.find(partner.name, key) if key is not None else None
        if intent is None:
            intent = self._fresh(request, record)
            if key is not None:
                intent = self._intents.keep(partner.name, key, intent)
        if intent.asked != request:
            error = FieldError("Idempotency-Key", "used for another request", "send a new key for a new request")
            text = "Idempotency-Key: it was used for another request. Nothing was stored."
            raise Problem(422, "idempotency-key-reused", text, [error])
        return intent

    def _fresh(self, request: str, record: ExternalId) -> Intent:
        """A version above all that the record was reported under."""
        found = self._customers.xrefs.references(KIND, [record], consistent=True).get(record)
        kept = self._customers.store.load(found.canonical) if found else None
        known = next((r for r in kept.records if r.id == record), None) if kept else None
        now = self._clock()
        return Intent(request, _version(known, now), to_text(now))

    def _reported(
        self, taken: Taken, source: str, said: AccountReport, correlation_id: str, ids: Sequence[ExternalId]
    ) -> Changed:
        if taken.customer is None:
            if any(c.kind == "unknown_customer" for c in taken.complaints):
                raise no_such_customer(said.customer or "", "customer")
            known = self._customers.xrefs.references(KIND, ids, consistent=True)
            raise ids_conflict({r.canonical for r in known.values()}, ids)
        self._raise_duplicates(taken, source, said, correlation_id)
        return Changed(self._customers.store.load(taken.customer), taken.created)

    # -- changing ------------------------------------------------------------------------------------------------

    def change(self, named: str, asked: CustomerPatch, if_match: str, partner: Partner, correlation_id: str) -> Changed:
        """Changes a customer that has one of the versions of `if_match`, in one transaction or not at all.

        What this same request changed before is not changed again. Raises problems: no-such-customer,
        source-not-yours, attribute-not-yours, account-missing, customer-ids-conflict, customer-merged, customer-gone,
        hierarchy-circle, invalid-document, precondition-failed. Nothing is written then.
        """
        source = partner.source(asked.source)
        self.visible(partner).kept(named)
        check_owners(self._customers.judging.matrix, source, names(asked))
        now = self._clock()
        cause = Cause(source, correlation_id, to_text(now))
        stated: list[Statement] = []

        def revision(kept: Kept) -> Statement:
            check_there(kept)
            record = _record_id(kept, source, asked.account)
            said = patched(asked, source, kept.customer, self._customers.xrefs)
            if not matches(if_match, kept.customer.version):
                if applied(if_match, said.says, record, kept.customer):
                    raise _AppliedError
                raise failed(kept.customer.version)
            statement = _statement(kept, record, now, said)
            stated[:] = [statement]
            return statement

        def allow(_: Kept, after: Customer, taken: Taken) -> None:
            check_sound(taken)
            check_stands(source, stated[0].says, after)

        try:
            taken = self._customers.reporting.revise(named, revision, cause, allow)
        except _AppliedError:
            taken = Taken(named, complaints=self._customers.reporting.compare(named, cause))
        except SameVersionError as exc:
            raise StoreUnavailableError(f"{named} kept being changed by others") from exc
        if taken.customer is None:
            raise ids_conflict([named], [(source, asked.account or "")])
        account = asked.account or (stated[0].account if stated else named)
        report = AccountReport(account=account, version=_version(None, now), changed_at=now)
        self._raise_duplicates(taken, source, report, correlation_id)
        return Changed(self._customers.store.load(named), created=False)

    def _raise_duplicates(self, taken: Taken, source: str, said: AccountReport, correlation_id: str) -> None:
        """What may be another customer is for an operator to decide, whoever told us of it."""
        if refusals := duplicate_refusals(taken, source, said, correlation_id):
            self._refuse(refusals)


def _account_report(asked: CustomerReport, intent: Intent, customer: str | None) -> AccountReport:
    return AccountReport(
        account=asked.account,
        version=intent.version,
        changed_at=from_text(intent.at),
        customer=customer,
        known_as=asked.known_as,
        role=asked.role,
        attributes=asked.attributes,
        contacts=asked.contacts,
        ship_tos=asked.ship_tos,
    )


def _record_id(kept: Kept, source: str, account: str | None) -> ExternalId:
    """The record by which a system speaks of a customer. Raises a 422 problem when it has to be named."""
    own = sorted(r.external for r in kept.ids.references if r.system == source)
    if account is None and len(own) == 1:
        return source, own[0]
    if account is None:
        known = ", ".join(own[:5])
        remedy = f"name one of {known}, or a new one" if own else f"name what {source} calls the customer"
        problem = "has several" if own else "has none"
        text = f"account: {source} {problem} for this customer. Nothing was stored."
        raise Problem(422, "account-missing", text, [FieldError("account", f"missing: {source} {problem}", remedy)])
    return source, account


def _statement(kept: Kept, record: ExternalId, now: datetime, said: Patched) -> Statement:
    known = next((r for r in kept.records if r.id == record), None)
    if known is not None and known.gone:
        raise gone(kept.customer.id)
    attached = any(r.id == record for r in kept.ids.references)
    return Statement(
        source=record[0],
        account=record[1],
        version=_version(known, now),
        at=to_text(now),
        says=said.says,
        ids=(record,),
        customer=None if attached else kept.customer.id,
        role=None,
        naming=said.naming,
    )


def _version(known: Record | None, now: datetime) -> int:
    """Microseconds since 1970, as sources' own clocks give them, and above all that the record was reported under."""
    return max(int(now.timestamp()) * 1_000_000 + now.microsecond, known.newest + 1 if known else 0)
