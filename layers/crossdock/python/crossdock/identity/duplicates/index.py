"""The index of the keys, in the identity table: who shares a key is found by one small query.

    D#<key> / <customer id>      nothing else: the key is a kind and a digest (keys.index_key)

Whoever stores a customer keeps the list of its index keys with it (264 bytes at most) and puts `changes` into the
transaction that changes the customer: so the index says at every moment what the customers say, and a change of the
rules by which keys are made breaks nothing that was written before it.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from crossdock.identity.duplicates.keys import CAP, index_key, keys
from crossdock.identity.duplicates.normalising import Normal, normal
from crossdock.identity.duplicates.party import Party
from crossdock.platform.dynamo import Table
from crossdock.platform.writes import Delete, Insert

_PREFIX: Final = "D#"


@dataclass(frozen=True, slots=True)
class Candidates:
    """Who shares a key with a party. `common` are the keys that too many share, which were not looked under."""

    ids: tuple[str, ...]
    common: tuple[str, ...] = ()


def index_keys(party: Party) -> tuple[str, ...]:
    """The keys a customer is to stand under, at most 12, as `changes` takes them and as they are to be kept with it."""
    return tuple(index_key(key) for key in keys(normal(party)))


def changes(customer: str, kept: Collection[str], wanted: Collection[str]) -> tuple[Insert | Delete, ...]:
    """The writes that bring a customer from the index keys it stands under to those it is to stand under.

    None for what stays. At most 24, each 1 WCU (2 in a transaction). An Insert of what is there and a Delete of what
    is not are refused, as everywhere: then `kept` was not what the customer is kept with.
    """
    gone = (Delete((_PREFIX + key, customer)) for key in sorted(set(kept) - set(wanted)))
    new = (Insert({"pk": _PREFIX + key, "sk": customer}) for key in sorted(set(wanted) - set(kept)))
    return (*gone, *new)


class DuplicateIndex:
    """Finds who may be the same customer."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def candidates(self, party: Party | Normal, *, consistent: bool = False) -> Candidates:
        """The customers that share a key with a party, in order, without itself.

        One query of 0.5 RCU for each key: 12 round trips and 6 RCU at most, however many customers there are. Unless
        `consistent` (twice that), who was written this very second may be missed.
        """
        known = party if isinstance(party, Normal) else normal(party)
        found: set[str] = set()
        common: list[str] = []
        for key in keys(known):
            ids = self._under(index_key(key), consistent=consistent)
            if len(ids) > CAP:
                common.append(key)
            else:
                found.update(ids)
        return Candidates(tuple(sorted(found - {known.party.id})), tuple(common))

    def _under(self, key: str, *, consistent: bool) -> Sequence[str]:
        rows = self._table.query(_PREFIX + key, page=CAP + 1, consistent=consistent)
        return [row["sk"] for row in islice(rows, CAP + 1)]
