"""Lists of accounts held against what is believed: what we missed is taken in, what a system lost is told again.

Parts of a list are compared as they come: reports that were missed and accounts that nobody knows are taken in at once,
a credit hold that a system does not have is told again at once. What else differs is noted. When every part of every
page was seen, the whole is judged: what differs for so many lists running is told again, up to a cap; money is
raised; accounts of ours that the list did not name dangle.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from crossdock.contracts.accounts import AccountReport, AccountsReported
from crossdock.contracts.customer_attributes import Value
from crossdock.contracts.events import ACCOUNTS_REPORTED, Event
from crossdock.contracts.listings import AccountsListed
from crossdock.contracts.refusals import Refuse, content_id
from crossdock.contracts.xrefs import CrossReference, ExternalId, Kind
from crossdock.exchange.listing_store import COUNTED, ListingStore, Part
from crossdock.flows import listing_refusals
from crossdock.flows.account_reports import TellAgain, take_accounts
from crossdock.flows.listing_refusals import Disagreement, shown, value_text
from crossdock.identity.agreeing import (
    Believed,
    Compared,
    Listed,
    Sighting,
    compare,
    settled,
    sighted,
    stands,
)
from crossdock.identity.claims import mark
from crossdock.identity.customer_store import Kept
from crossdock.identity.reports import named
from crossdock.identity.telling import Told
from crossdock.identity.use_cases import CustomerUseCases
from crossdock.platform.clock import Clock, to_text

ROUTE: Final = "listings"
KIND: Final[Kind] = "customer"


@dataclass(frozen=True, slots=True)
class Ports:
    """Ways out: exceptions, marks for a system's channels, the one channel that replays lead to (None: it has none)."""

    refuse: Refuse
    tell_again: TellAgain
    channel_of: Callable[[str], str | None]


@dataclass(frozen=True, slots=True)
class _Difference:
    """An account that does not agree, and with what."""

    report: AccountReport
    kept: Kept
    found: Compared
    says: Mapping[str, Value]


class Comparing:
    """Compares lists part by part."""

    def __init__(
        self, uses: CustomerUseCases, lists: ListingStore, ports: Ports, settle_seconds: int, clock: Clock
    ) -> None:
        self._uses = uses
        self._lists = lists
        self._ports = ports
        self._settle = timedelta(seconds=settle_seconds)
        self._clock = clock

    def part(self, data: AccountsListed, event: Mapping[str, object]) -> tuple[dict[str, int], bool]:
        """Compares one part; what was counted, and whether the list is whole with it.

        Of 1,000 accounts that agree: 1,000 to 3,000 RCU and 80 WCU; of one that differs 1 RCU and 1 WCU more, and what
        its report writes. Raises StoreUnavailableError or the client's error; then it may be compared again.
        """
        counts = dict.fromkeys(COUNTED, 0)
        refs = self._references(data)
        missed: list[AccountReport] = []
        differ: list[_Difference] = []
        for report in data.accounts:
            ref = refs.get((data.source, report.account))
            if ref is None and report.deleted:
                counts["equal"] += 1  # nobody knows it, and it is gone
                continue
            if ref is None:
                missed.append(report)
                counts["new"] += 1
                continue
            one = self._compared(data, report, self._uses.store.load(ref.canonical))
            ids = self._new_ids(data.source, report, ref, refs)
            unfinished = one.kept.customer.state == "checking"  # whoever took it in died before it was compared
            if one.found.missed or one.found.gone or ids or unfinished:
                missed.append(_only(report, one))
            counts["equal"] += one.found.equal and not ids
            counts["overtaken"] += bool(one.found.overtaken)
            if one.found.lost or one.found.money:
                differ.append(one)
        counts["listed"] = len(data.accounts)
        # First what differs: what is taken in changes customers, and nothing that was listed before then would count.
        for one in differ:
            self._note(data, one, str(event["correlationid"]), counts)
        self._take(data, event, missed, counts)
        return counts, self._noted(data, counts)

    def _references(self, data: AccountsListed) -> dict[ExternalId, CrossReference]:
        ids = [(data.source, a.account) for a in data.accounts]
        ids += [(k.system, k.id) for a in data.accounts for k in a.known_as]
        return self._uses.xrefs.references(KIND, dict.fromkeys(ids), consistent=True)

    @staticmethod
    def _new_ids(
        source: str, report: AccountReport, ref: CrossReference, refs: Mapping[ExternalId, CrossReference]
    ) -> bool:
        """Whether the account knows an id that we do not, or that means somebody else: the report says which."""
        ids: list[ExternalId] = [
            (k.system, k.id) for k in report.known_as if (k.system, k.id) != (source, report.account)
        ]
        return any(i not in refs or refs[i].canonical != ref.canonical for i in ids)

    def _compared(self, data: AccountsListed, report: AccountReport, kept: Kept) -> _Difference:
        says: dict[str, Value] = dict(report.attributes)
        for kind, many in (("contact", report.contacts), ("ship_to", report.ship_tos)):
            listed: list[tuple[Kind, str, Value]] = [(kind, i, v) for i, v in many.items()]  # type: ignore[misc]  # both are kinds
            names, _ = named(data.source, listed, self._uses.xrefs) if listed else ([], ())
            says |= dict(zip(names, many.values(), strict=True))
        record = next((r for r in kept.records if r.id == (data.source, report.account)), None)
        told = kept.told.get(data.source, Told(data.source))
        listed_account = Listed(data.source, report.account, report.version, report.changed_at, says, report.deleted)
        judging = self._uses.judging
        believed = Believed(kept.customer, record, told)
        return _Difference(
            report, kept, compare(judging.matrix, listed_account, believed, judging.terms.echo_hours), says
        )

    def _take(
        self,
        data: AccountsListed,
        event: Mapping[str, object],
        missed: Sequence[AccountReport],
        counts: dict[str, int],
    ) -> None:
        """Takes in what no report told of, as if one had."""
        if not missed:
            return
        reported = AccountsReported(source=data.source, accounts=list(missed))
        as_report = Event(
            id=f"{event['id']}:missed",
            type=ACCOUNTS_REPORTED,
            source=data.source,
            subject=f"accounts/{data.source}",
            time=to_text(data.listed_at),
            correlation_id=str(event["correlationid"]),
            data={"source": data.source},
        ).document()
        at = to_text(self._clock())
        done = take_accounts(self._uses.reporting, self._ports.refuse, self._ports.tell_again, reported, as_report, at)
        counts["taken"] += done.changed
        counts["refused"] += done.refused

    def _note(self, data: AccountsListed, one: _Difference, correlation_id: str, counts: dict[str, int]) -> None:
        """Notes what differs, for when the list is whole; a hold that is missing is told again now."""
        customer, listed_at = one.kept.customer, to_text(data.listed_at)
        if customer.changed_at and listed_at <= customer.changed_at:
            return  # it was listed before we changed it
        for name in one.found.urgent:
            counts["urgent"] += 1
            self._ports.tell_again(data.source, customer.id, correlation_id)
            owner, listed = self._uses.judging.matrix.rule(name).owner, one.says[name]
            found = Disagreement(
                customer.id, one.report.account, name, value_text(listed), stands(customer, name), owner, mark(listed)
            )
            channel = self._ports.channel_of(data.source)
            self._ports.refuse(
                [listing_refusals.credit_drift(data.source, channel, found, correlation_id, told=channel is not None)]
            )
        if not settled(customer, data.listed_at, self._settle):
            return
        counts["differing"] += 1
        thing = f"{customer.id}#{one.report.account}"
        before = {name: Sighting(*seen) for name, seen in self._lists.seen(data.source, thing).items()}
        now = {
            name: sighted(before.get(name), self._sighting(data, one, name, listed_at), self._settle)
            for name in (*one.found.lost, *one.found.money)
            if name not in one.found.urgent
        }
        later = {name: s for name, s in before.items() if name not in now and s.at > listed_at}
        self._lists.remember(data.source, thing, {n: row(s) for n, s in {**later, **now}.items()})

    @staticmethod
    def _sighting(data: AccountsListed, one: _Difference, name: str, listed_at: str) -> Sighting:
        listed = one.says[name]
        what = content_id([mark(listed), mark(stands(one.kept.customer, name))])
        return Sighting(1, what, data.listing, listed_at, "", value_text(listed) if shown(name) else None)

    def _noted(self, data: AccountsListed, counts: Mapping[str, int]) -> bool:
        part = Part(data.source, data.listing, to_text(data.listed_at), data.page, data.part, data.parts, data.last)
        run = self._lists.note(part, [a.account for a in data.accounts], counts)
        return run is not None and run.complete


def _only(report: AccountReport, one: _Difference) -> AccountReport:
    """The report with nothing but what was missed."""
    missed = set(one.found.missed)
    many = [n for n in one.says if n not in report.attributes]
    kept = dict(zip(many, (*report.contacts, *report.ship_tos), strict=True))
    wanted = {i for name, i in kept.items() if name in missed}
    return report.model_copy(
        update={
            "attributes": {n: v for n, v in report.attributes.items() if n in missed},
            "contacts": {i: v for i, v in report.contacts.items() if i in wanted},
            "ship_tos": {i: v for i, v in report.ship_tos.items() if i in wanted},
        }
    )


def row(seen: Sighting) -> list[str | int | None]:
    """A sighting as it is kept."""
    return [seen.times, seen.what, seen.listing, seen.at, seen.done, seen.value]
