"""What a system lists of an account beside what is believed of the customer: attribute by attribute, by who owns it.

    equal      nothing to do
    overtaken  the list is older than a report that came meanwhile
    missed     the system may say it, and we have not heard it: taken in as a report
    lost       somebody else's word stands, and the system is to hold that: it is told again
    money      the same of terms, credit and tax: never put right by itself, a person decides
    own        it says its own, and nobody asked it to hold ours

A list is no report: what is told to a system on the way, and what it held before it was told, it lists in good faith.
So what differs from the last word that it was told, and was not changed there since, is lost and not missed.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from crossdock.contracts.customer_attributes import Value, named
from crossdock.contracts.ownership import Matrix, UnownedError
from crossdock.identity.claims import GONE, Record, canonical, mark
from crossdock.identity.customers import Customer
from crossdock.identity.ownership import may_write
from crossdock.identity.telling import Told, echoes
from crossdock.platform.clock import from_text

_MONEY: Final = ("credit_", "tax_", "terms", "currency", "contracts")
HOLD: Final = "credit_hold"


class Standing(Enum):
    """What becomes of one attribute of a list."""

    EQUAL = "equal"
    OVERTAKEN = "overtaken"
    MISSED = "missed"
    LOST = "lost"
    MONEY = "money"
    OWN = "own"


@dataclass(frozen=True, slots=True)
class Listed:
    """One account of a list: who lists it, under which version, changed when (there), with what."""

    system: str
    account: str
    version: int
    changed_at: datetime
    says: Mapping[str, Value]
    gone: bool = False


@dataclass(frozen=True, slots=True)
class Believed:
    """What it is held against: the customer, what is known of this account (None: nothing), what it was told."""

    customer: Customer
    record: Record | None
    told: Told


@dataclass(frozen=True, slots=True)
class Compared:
    """The attributes that do not agree, by what becomes of them; `gone`: we did not hear that it was deleted, or made.

    `urgent`: the customer is on hold, and the system does not have the hold.
    """

    missed: tuple[str, ...] = ()
    lost: tuple[str, ...] = ()
    money: tuple[str, ...] = ()
    overtaken: tuple[str, ...] = ()
    gone: bool = False
    urgent: tuple[str, ...] = field(default=())

    @property
    def equal(self) -> bool:
        """Whether there is nothing to be done."""
        return not (self.missed or self.lost or self.money or self.gone)


def compare(matrix: Matrix, listed: Listed, believed: Believed, echo_hours: int) -> Compared:
    """How an account of a list agrees with the customer that it is."""
    gone = _gone(listed, believed.record)
    if listed.gone:
        return Compared(gone=gone)
    found: dict[Standing, list[str]] = {standing: [] for standing in Standing}
    for name in sorted(listed.says):
        found[_standing(matrix, name, listed, believed, echo_hours)].append(name)
    money = tuple(found[Standing.MONEY])
    return Compared(
        missed=tuple(found[Standing.MISSED]),
        lost=tuple(found[Standing.LOST]),
        money=money,
        overtaken=tuple(found[Standing.OVERTAKEN]),
        gone=gone,
        urgent=tuple(n for n in money if _hold_is_missing(matrix, n, listed, believed)),
    )


def is_money(name: str) -> bool:
    """Whether it is an attribute that no comparison may put right by itself."""
    return named(name).base.startswith(_MONEY)


def stands(customer: Customer, name: str) -> Value:
    """What is believed of an attribute; None: nothing, or that it is empty."""
    found = customer.everything.get(name)
    return found.value if found else None


def settled(customer: Customer, listed_at: datetime, settle: timedelta) -> bool:
    """Whether the customer had been at rest for a while when the list was made: what is on its way is no drift."""
    return not customer.changed_at or from_text(customer.changed_at) + settle <= listed_at


def _standing(matrix: Matrix, name: str, listed: Listed, believed: Believed, echo_hours: int) -> Standing:
    value = listed.says[name]
    if canonical(value) == canonical(stands(believed.customer, name)):
        return Standing.EQUAL
    try:
        rule = matrix.rule(name)
    except UnownedError:
        return Standing.OWN
    last = believed.record.last(name) if believed.record else None
    if last is not None and listed.version < last[0]:
        return Standing.OVERTAKEN
    if may_write(matrix, name, listed.system):
        heard = last is not None and _value_mark(last[2]) == mark(value)
        if not heard and not _was_ours(name, listed, believed.told, echo_hours):
            return Standing.MISSED
    elif is_money(name):
        return Standing.MONEY
    return Standing.LOST if listed.system in rule.written_back else Standing.OWN


def _was_ours(name: str, listed: Listed, told: Told, echo_hours: int) -> bool:
    """Whether a value is what the system held by our word, or before it: and not a word of its own since."""
    words = told.words.get(name, ())
    if words and listed.changed_at <= from_text(words[-1][1]):
        return True
    at = listed.changed_at.isoformat()
    return bool(echoes(told, {name: listed.says[name]}, at, echo_hours)) if echo_hours else False


def _value_mark(kept: str) -> str:
    """A mark without what says that it was an echo."""
    return kept.lstrip("~")


def _gone(listed: Listed, record: Record | None) -> bool:
    """Whether the list shows a deletion, or a return, that no report told of."""
    known = record is not None and record.gone
    last = record.last(GONE) if record else None
    return listed.gone != known and (last is None or listed.version > last[0])


def _hold_is_missing(matrix: Matrix, name: str, listed: Listed, believed: Believed) -> bool:
    return (
        named(name).base == HOLD
        and stands(believed.customer, name) is True
        and matrix.written_back(name, listed.system)
    )


@dataclass(frozen=True, slots=True)
class Sighting:
    """How often running something was seen, what exactly, in which list, made when; `done`: what was done about it.

    `value` is what the system lists, kept for money alone: the exception names it.
    """

    times: int
    what: str
    listing: str
    at: str
    done: str = ""
    value: str | None = None


def sighted(before: Sighting | None, now: Sighting, settle: timedelta) -> Sighting:
    """A sighting with those before it counted: each list counts once, and none that is older than one that was counted.

    What was told again has so long to arrive; whoever still lists the same after that is counted anew.
    """
    if before is None or before.what != now.what:
        return before if before is not None and now.at < before.at else now
    if now.listing == before.listing or now.at <= before.at:
        return before
    if not before.done:
        return Sighting(min(before.times + 1, 1000), now.what, now.listing, now.at, "", now.value)
    if from_text(now.at) <= from_text(before.done) + settle:
        return Sighting(before.times, now.what, now.listing, now.at, before.done, now.value)
    return now
