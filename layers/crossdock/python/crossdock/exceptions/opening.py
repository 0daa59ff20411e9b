"""Putting refused facts on the list, each once, as many at a time as a transaction takes."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from crossdock import config
from crossdock.contracts.refusals import Refusal
from crossdock.exceptions.failures import failure_of
from crossdock.exceptions.impact import impact_of
from crossdock.exceptions.model import OPEN, fingerprint, line, occurrence_id, payload
from crossdock.exceptions.moving import Moving
from crossdock.exceptions.stake import Stake
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.dynamo import Table, to_item
from crossdock.platform.errors import StoreUnavailableError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import TransactWriteItemTypeDef


# A fact is an item and its group another, and a transaction takes a hundred, of 4 MB together.
_FACTS_PER_TRANSACTION = 50
_BYTES_PER_TRANSACTION = 2_000_000
_ORDERS_KEPT = 50
_ROUNDS = 8
_Fact = tuple[str, str]  # the ids of its group and of the occurrence


class Opening(Moving):
    """Opens exceptions, and opens again what was thought done."""

    def __init__(self, table: Table, clock: Clock, terms: config.ExceptionTerms | None = None) -> None:
        """`terms` are those of the deployed configuration unless given."""
        super().__init__(table, clock)
        self._given_terms = terms

    @cached_property
    def _terms(self) -> config.ExceptionTerms:
        """Who is responsible for what. Read when something is opened: most of those who may open never do."""
        return self._given_terms or config.load().exceptions

    def refuse(self, refusals: Sequence[Refusal]) -> None:
        """Puts refused facts on the list. The same fact delivered again changes nothing, whatever became of it since.

        One that was replayed and is refused again is open once more, with the new reason; so is one that recurs.
        A replay of an exception that does not exist is a fact of its own, so that no mark can make one disappear.
        """
        new: dict[_Fact, Refusal] = {}
        for refusal in refusals:
            mark = refusal.replay
            if not (mark and self._reopen(mark["exception"], mark["occurrence"], refusal)):
                new.setdefault((fingerprint(refusal), occurrence_id(refusal)), refusal)
        for part in _transactions(new):
            for known in self._open(part):
                if part[known].recurs:
                    self._reopen(*known, part[known])

    def _open(self, refusals: Mapping[_Fact, Refusal]) -> list[_Fact]:
        """Writes new occurrences and counts them, in one transaction; gives back those that were there before."""
        now = to_text(self._clock())
        known: list[_Fact] = []
        waiting = dict(refusals)
        while waiting:
            facts = list(waiting)
            groups: dict[str, list[Refusal]] = {}
            for (group, _), refusal in waiting.items():
                groups.setdefault(group, []).append(refusal)
            writes = [self._new(fact, waiting[fact], now) for fact in facts]
            writes += [self._count_opened(some, group, now) for group, some in groups.items()]
            failed = self._table.transact(writes)
            if not failed:
                break
            known += [facts[n] for n in sorted(failed)]
            waiting = {fact: waiting[fact] for n, fact in enumerate(facts) if n not in failed}
        return known

    def _new(self, fact: _Fact, refusal: Refusal, now: str) -> "TransactWriteItemTypeDef":
        occurrence: dict[str, Any] = {
            "pk": f"EXC#{fact[0]}",
            "sk": f"OCC#{fact[1]}",
            "state": OPEN,
            "detail": line(refusal.detail),
            "route": refusal.route,
            "pointer": refusal.pointer,
            "message": payload(refusal.message),
            "cor": line(refusal.correlation_id),
            "at": now,
            "tries": 0,
        }
        impact = impact_of(refusal.message, refusal.pointer)
        if impact.orders:
            occurrence["orders"] = [line(order) for order in impact.orders[:_ORDERS_KEPT]]
        if impact.money:
            occurrence["money"] = dict(impact.money)
        return {
            "Put": {
                "TableName": self._table.name,
                "Item": to_item(occurrence),
                "ConditionExpression": "attribute_not_exists(pk)",
            }
        }

    def _count_opened(self, refusals: Sequence[Refusal], group: str, now: str) -> "TransactWriteItemTypeDef":
        """The group's row: what it is about by its latest fact, who mends it until when, and what is at stake."""
        refusal = refusals[-1]
        owner, due = self._due(refusal)
        values = {
            ":count": len(refusals),
            ":zero": 0,
            ":kind": refusal.kind,
            ":class": failure_of(refusal).value,
            ":source": line(refusal.source),
            ":subject": line(refusal.subject),
            ":detail": line(refusal.detail),
            ":remedy": line(refusal.remedy),
            ":now": now,
            ":due": due,
            ":open": OPEN,
        }
        names = {"#source": "source", "#class": "class"}
        update = (
            "SET kind = :kind, #class = :class, #source = :source, subject = :subject, detail = :detail, "
            "remedy = :remedy, first_seen = if_not_exists(first_seen, :now), gs = :open, gt = :now, "
            "opened = if_not_exists(opened, :now), "
            "due = if_not_exists(due, :due), n_replaying = if_not_exists(n_replaying, :zero), "
            "n_settled = if_not_exists(n_settled, :zero), n_closed = if_not_exists(n_closed, :zero)"
        )
        if owner:
            update += ", #owner = if_not_exists(#owner, :owner)"
            names["#owner"], values[":owner"] = "owner", owner
        stake = Stake()
        for refused in refusals:
            impact = impact_of(refused.message, refused.pointer)
            stake.count(impact.orders, impact.money)
        added = ["n_open :count", *stake.additions(values)]
        return {
            "Update": {
                "TableName": self._table.name,
                "Key": to_item({"pk": f"EXC#{group}", "sk": "HEAD"}),
                "UpdateExpression": f"{update} ADD {', '.join(added)}",
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": to_item(values),
            }
        }

    def _reopen(self, group: str, fact: str, refusal: Refusal) -> bool:
        """A fact that was being replayed, or was thought settled, is refused again; False when it is not there."""
        current = self.occurrence(group, fact)
        if current is None:
            return False
        run = refusal.replay["run"] if refusal.replay else current.run
        for _ in range(_ROUNDS):
            # The outcome of an older replay does not count: a newer one is under way.
            if current is None or current.state == OPEN or current.run != run:
                return True
            # A group that was closed is due anew: since then it was due no more.
            if self._move(current, OPEN, self._due(refusal)[1], detail=line(refusal.detail)):
                return True
            current = self.occurrence(group, fact)  # another attempt's outcome came between
        raise StoreUnavailableError(f"{self._table.name}: {fact} of {group} kept being moved by others")

    def _due(self, refusal: Refusal) -> tuple[str | None, str]:
        """Who mends what is refused now, and until when."""
        owner, minutes = self._terms.responsible(refusal.kind, refusal.source)
        return owner, to_text(self._clock() + timedelta(minutes=minutes))


def _transactions(refusals: Mapping[_Fact, Refusal]) -> Iterator[dict[_Fact, Refusal]]:
    """The refusals in order, as many at a time as one transaction takes."""
    part: dict[_Fact, Refusal] = {}
    size = 0
    for fact, refusal in refusals.items():
        length = len(payload(refusal.message).encode())
        if part and (len(part) == _FACTS_PER_TRANSACTION or size + length > _BYTES_PER_TRANSACTION):
            yield part
            part, size = {}, 0
        part[fact] = refusal
        size += length
    if part:
        yield part
