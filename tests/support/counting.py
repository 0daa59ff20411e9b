"""A table in memory that counts capacity units and round trips exactly, by the sizes of the items."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from crossdock.platform.dynamo import KEYS_PER_CALL, STATEMENTS_PER_CALL, Item, Outcome, Statement, to_item
from tests.bench.sizes import item_size, read_units, write_units
from tests.support.memory import MemoryTable

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from crossdock.platform.writes import Key


_ADDING = threading.Lock()


class CountingTable(MemoryTable):
    """`wcu` and `rcu` add up; `calls` are requests, 25 statements or 100 keys each."""

    def __init__(self) -> None:
        super().__init__()
        self.forget()

    def forget(self) -> None:
        """Counts from 0 again."""
        self.wcu, self.rcu, self.calls, self.keys = 0.0, 0.0, 0, 0

    def run(self, statements: Sequence[Statement]) -> list[Outcome]:
        before = {s.key: self._size(s.key) for s in statements}
        outcomes = super().run(statements)
        self.wcu += sum(write_units(max(before[s.key], self._size(s.key))) for s in statements)
        self.calls += -(-len(statements) // STATEMENTS_PER_CALL)
        return outcomes

    def get_many(
        self, keys: Iterable[Key], *, consistent: bool = False, attributes: Sequence[str] = ()
    ) -> dict[Key, Item]:
        wanted = list(dict.fromkeys(keys))
        read = sum(read_units(self._size(k), consistent=consistent) for k in wanted)
        with _ADDING:  # calls of one trip come from several threads
            self.rcu += read
        self.keys += len(wanted)
        self.calls += -(-len(wanted) // KEYS_PER_CALL)
        return super().get_many(wanted, consistent=consistent)

    def get(self, key: Key, *, consistent: bool = False) -> Item | None:
        read = read_units(self._size(key), consistent=consistent)
        with _ADDING:  # calls of one trip come from several threads
            self.rcu += read
        self.calls += 1
        return super().get(key, consistent=consistent)

    def query(self, pk: str, *, prefix: str = "", consistent: bool = False) -> Iterator[Item]:
        found = list(super().query(pk, prefix=prefix, consistent=consistent))
        read = read_units(sum(item_size(to_item(i)) for i in found), consistent=consistent)
        with _ADDING:  # calls of one trip come from several threads
            self.rcu += read
        self.calls += 1
        yield from found

    def delete(self, key: Key) -> None:
        self.wcu += write_units(self._size(key))
        self.calls += 1
        super().delete(key)

    def _size(self, key: Key) -> int:
        row: Mapping[str, Any] = self.rows.get(key, {})
        return item_size(to_item(row))
