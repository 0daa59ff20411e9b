"""A customer is read as one, also by who meets a transaction half way."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from crossdock.platform import deadline
from tests.property.test_customers import World

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


def _torn(world: World, monkeypatch: pytest.MonkeyPatch, stale: dict[Any, Any], times: int) -> list[int]:
    """The table shows one row as it was before, so often; gives back a list that grows with every query."""
    asked: list[int] = []
    query = world.table.query

    def seen(pk: str, **more: Any) -> Iterator[dict[str, Any]]:
        asked.append(1)
        for row in query(pk, **more):
            key = (row["pk"], row["sk"])
            yield dict(stale[key]) if key in stale and len(asked) <= times else row

    monkeypatch.setattr(world.table, "query", seen)
    monkeypatch.setattr(deadline, "pause", lambda _: None)
    return asked


def _two_reports(world: World) -> tuple[str, dict[Any, Any]]:
    customer = world.say("crm", "1", 1, name="A", phone="1").customer
    before = {k: dict(row) for k, row in world.table.rows.items() if k[1].startswith("SRC#")}
    world.say("crm", "1", 2, name="A", phone="2")
    return customer, before


def test_rows_that_do_not_add_up_are_read_again_until_they_do(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    customer, before = _two_reports(world)
    asked = _torn(world, monkeypatch, before, times=2)
    assert world.store.load(customer).records[0].values["phone"] == "2"
    assert len(asked) == 3


def test_nobody_writes_an_old_record_over_a_new_one(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    customer, before = _two_reports(world)
    _torn(world, monkeypatch, before, times=1)
    world.say("crm", "1", 3, email="a@b.example")
    monkeypatch.undo()
    assert world.stands(customer) == {"name": "A", "phone": "2", "email": "a@b.example"}


def test_rows_that_never_add_up_are_taken_and_the_next_write_sets_the_sum(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World()
    customer, _ = _two_reports(world)
    world.table.rows[f"C#customer#{customer}", "HEAD"]["rs"] += 7
    monkeypatch.setattr(deadline, "pause", lambda _: None)
    world.say("crm", "1", 3, phone="3")
    kept = world.store.load(customer)
    assert kept.customer.values["phone"] == "3"
    head = world.table.rows[f"C#customer#{customer}", "HEAD"]
    assert head["rs"] == sum(kept.rows.values())


def test_what_was_merged_and_set_free_adds_up_at_every_step() -> None:
    world = World()
    a = world.say("crm", "A", 1, name="A", contacts={"1": {"name": "Ada"}}).customer
    b = world.say("crm", "B", 1, name="B", contacts={"2": {"name": "Bob"}}).customer

    def adds_up(*customers: str) -> bool:
        heads = {c: world.table.rows[f"C#customer#{c}", "HEAD"]["rs"] for c in customers}
        return all(sum(world.store.load(c).rows.values()) == heads[c] for c in customers)

    assert adds_up(a, b)
    world.merging.merge(b, a, by="ada", why="the same", cause=world.cause(5))
    assert adds_up(a)
    world.say("crm", "B", 6, phone="6")
    assert adds_up(a)
    world.merging.unmerge(b, a, cause=world.cause(9))
    assert adds_up(a, b)
