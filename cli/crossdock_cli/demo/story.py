"""The demo's course: business days through the public entry points, everything that goes wrong, and its repair."""

from __future__ import annotations

import random
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

from crossdock.exceptions.correction import assignments_to_patch, corrected_message
from crossdock.exceptions.model import OPEN
from crossdock.exceptions.runs import Options, Selection, new_id
from crossdock_cli.demo.contest import Contest, contend
from crossdock_cli.demo.onboarding import CRM, Onboarding, onboard
from crossdock_cli.demo.plan import WAREHOUSE
from crossdock_cli.demo.quoting import Quoting, ask
from crossdock_cli.demo.senders import in_batches
from crossdock_cli.demo.stored import Stored, look, waiting_messages
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.common import store_of
from crossdock_cli.exceptions.machinery import replayer_of
from crossdock_cli.output import errors
from crossdock_cli.reconcile import run_stock

if TYPE_CHECKING:
    from collections.abc import Callable

    from crossdock_cli.demo.plan import DayPlan, Movement, Plan
    from crossdock_cli.demo.receiver import Channel
    from crossdock_cli.demo.senders import Entrance
    from crossdock_cli.target import Target

SOURCE: Final = "wms"
ERP: Final = "erp"
UNKNOWN: Final = "NEW-ITEM-77"
_SENDERS: Final = 4
_REPEATED: Final = 0.05  # share of batches that are sent again
_OUTAGE_S: Final = 6.0
_PATIENCE_S: Final = 180.0
_POLL_S: Final = 0.2
_DRIFT: Final = (-3, 2, 5)
_RULES_PER_WEBHOOK: Final = 100
_ITEMS_PER_WEBHOOK: Final = 250
_COUNTS_PER_WEBHOOK: Final = 1000


@dataclass
class Tally:
    """What was done, for the report."""

    sent: int = 0
    unique: set[str] = field(default_factory=set)
    prices: int = 0
    forged_webhook_status: int = 0
    exceptions_opened: int = 0
    exceptions_replayed: int = 0
    exceptions_closed: int = 0
    drift: dict[str, int] = field(default_factory=dict)
    drift_found: int = 0
    drift_healed: int = 0
    exception_kinds: dict[str, int] = field(default_factory=dict)
    contest: Contest = field(default_factory=Contest)
    quoting: Quoting = field(default_factory=Quoting)
    onboarding: Onboarding = field(default_factory=Onboarding)


class Story:
    """Runs the course over one stage. Deterministic for a seed, but for what the machine's speed decides."""

    def __init__(
        self,
        target: Target,
        entrance: Entrance,
        plan: Plan,
        channels: dict[str, Channel],
        batch: int,
        seed: int,
        *,
        crm: Channel,
    ) -> None:
        self._target = target
        self._entrance = entrance
        self._plan = plan
        self._channels = channels
        self._crm = crm
        self._batch = batch
        self._random = random.Random(seed)  # noqa: S311 - which batch is repeated, nothing secret
        self.tally = Tally()
        self.corrected: list[Movement] = []

    def run(self) -> Stored:
        """The whole course; gives back what is stored at the end. Raises CliError when something does not settle."""
        total = sum(len(d.movements) for d in self._plan.days) + len(self._plan.opening)
        columns = (TextColumn("{task.description:<34}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
        with Progress(*columns, console=errors, disable=not errors.is_terminal) as bar:
            task = bar.add_task("items and opening stock", total=total)
            self._introduce(bar, task)
            for number, day in enumerate(self._plan.days):
                bar.update(task, description=f"business day {day.date}")
                self._day(day, bar, task, is_bad=number == min(1, len(self._plan.days) - 1))
            bar.update(task, description="until every channel has heard")
            self._until_settled()
            bar.update(task, description="exceptions: correct, replay, close")
            self._mend_exceptions()
            bar.update(task, description="stock counts that disagree")
            self._count_and_heal()
            bar.update(task, description="many ask for the last units")
            self._contend()
            bar.update(task, description="a quote, and orders by it")
            self.tally.quoting = ask(self._entrance, self._channels["webshop"].everything_held("price"))
            bar.update(task, description="a customer of the CRM goes to the ERP")
            self._welcome()
            return self._until_settled()

    # -- business --------------------------------------------------------------------------------------------------

    def _introduce(self, bar: Progress, task: TaskID) -> None:
        for part in in_batches(self._plan.items, _ITEMS_PER_WEBHOOK):
            codes = [{"sku": c, "codes": [{"system": s, "code": c} for s in (SOURCE, ERP)]} for c in part]
            self._entrance.webhook(ERP, "items.declared", {"items": codes})
        self._until("the items are known", lambda: waiting_messages(self._target, [*self._channels, CRM, ERP]) == 0)
        self._send(list(in_batches(self._plan.opening, self._batch)), bar, task)

    def _day(self, day: DayPlan, bar: Progress, task: TaskID, *, is_bad: bool) -> None:
        for rules in in_batches(day.prices, _RULES_PER_WEBHOOK):
            self._entrance.webhook(ERP, "prices.changed", {"prices": rules})
            self.tally.prices += len(rules)
        if is_bad:
            self._make_trouble(day)
        picks = [m for m in day.movements if m["type"] == "pick"]
        others = [m for m in day.movements if m["type"] != "pick"]
        for part in in_batches(others, self._batch):
            self._count(part)
            self._entrance.webhook(SOURCE, "stock.moved", {"movements": part})
            bar.advance(task, len(part))
        batches = list(in_batches(picks, self._batch))
        repeated = [b for b in batches if self._random.random() < _REPEATED] or batches[:1]
        batches += repeated  # whole batches again
        self._random.shuffle(batches)  # and none of them in the order of its sequence
        self._send(batches, bar, task)
        # A day ends before the next begins; without this the figures would show how long a flood waits.
        self._until("the day is through", lambda: waiting_messages(self._target, [*self._channels, CRM, ERP]) == 0)

    def _send(self, batches: list[list[Movement]], bar: Progress, task: TaskID) -> None:
        def one(batch: list[Movement]) -> None:
            self._entrance.movements(batch)
            bar.advance(task, len(batch))

        for batch in batches:
            self._count(batch)
        with ThreadPoolExecutor(_SENDERS) as senders:
            for done in [senders.submit(one, batch) for batch in batches]:
                done.result()

    def _count(self, movements: list[Movement]) -> None:
        self.tally.sent += len(movements)
        self.tally.unique.update(m["id"] for m in movements)

    def _welcome(self) -> None:
        shop = self._channels["webshop"]
        self.tally.onboarding = onboard(self._target, self._entrance, self._crm, shop, self._until, self._until_settled)

    # -- what goes wrong -------------------------------------------------------------------------------------------

    def _make_trouble(self, day: DayPlan) -> None:
        """One channel goes down; a webhook is forged on its way in, a delivery on its way out; an item is unknown."""
        example = {"movements": [{**day.movements[0], "id": "forged-movement", "quantity": 1_000_000}]}
        self.tally.forged_webhook_status = self._entrance.forged_webhook(SOURCE, "stock.moved", example)
        for channel in self._channels.values():
            body = b'{"type":"availability.changed.v1","data":{"items":[{"sku":"1","version":1,"available":9}]}}'
            channel.deliver(
                {"webhook-id": "x", "webhook-timestamp": str(int(time.time())), "webhook-signature": "v1,eA=="}, body
            )
        self._channels["marketplace"].fail_next_for(_OUTAGE_S)  # after the forgeries, which it has to see to reject
        first = day.movements[0]
        stranger = {
            **first,
            "id": "stranger-1",
            "item": UNKNOWN,
            "type": "receipt",
            "quantity": 12,
            "reference": "PO-1",
        }
        self._count([stranger])
        self._entrance.movements([stranger])
        self.corrected.append({**stranger, "item": self._plan.items[0]})

    # -- and is mended ---------------------------------------------------------------------------------------------

    def _mend_exceptions(self) -> None:
        """As an operator does: the mistyped item is corrected and replayed, services are no goods and are closed."""
        store = store_of(self._target)
        groups = list(store.groups(OPEN))
        self.tally.exceptions_opened = sum(g.open for g in groups)
        for group in groups:
            self.tally.exception_kinds[group.kind] = self.tally.exception_kinds.get(group.kind, 0) + group.open
            facts = list(store.occurrences(group.id))
            if group.subject == f"item/{UNKNOWN}":
                for fact in facts:
                    patch = assignments_to_patch(fact, {"item": self._plan.items[0]})
                    store.correct(fact, corrected_message(fact, patch), patch, "demo", "the item was mistyped")
                self.tally.exceptions_replayed += self._replay(group.id)
            else:
                self.tally.exceptions_closed += store.close_all(facts, "demo", "a service, not goods: it has no stock")
        self._until("the replayed facts are settled", lambda: not list(store.groups(OPEN)))

    def _replay(self, group: str) -> int:
        """Replays a group as `crossdock exceptions replay` does; how many facts were sent."""
        replayer, worker = replayer_of(self._target), new_id()
        run = replayer.draft(Selection(groups=(group,)), Options(), "demo")
        list(replayer.preview(run))
        replayer.runs.begin(run.id, worker, "demo")
        return replayer.work(run, worker, "demo").sent

    def _count_and_heal(self) -> None:
        """The warehouse counts everything; of three items it finds another number than it ever reported."""
        stored = self._until_settled()
        moved = [sku for sku in self._plan.items if sku in stored.balances]
        drifted = self._random.sample(moved, min(len(_DRIFT), len(moved)))
        self.tally.drift = dict(zip(drifted, _DRIFT, strict=False))
        counts = [{"item": s, "quantity": stored.balances[s] + self.tally.drift.get(s, 0)} for s in moved]
        for part in in_batches(counts, _COUNTS_PER_WEBHOOK):
            data = {
                "warehouse": WAREHOUSE,
                "position": self._plan.last_position,
                "counted_at": f"{self._plan.days[-1].date}T22:00:00Z",
                "counts": part,
            }
            self._entrance.webhook(SOURCE, "stock.counted", data)
        self._until("the counts are in", lambda: waiting_messages(self._target, [*self._channels, CRM, ERP]) == 0)
        self.tally.drift_found = run_stock(self._target, SOURCE)["drifted"]
        self.tally.drift_healed = run_stock(self._target, SOURCE)["healed"]

    # -- and many ask for the same ---------------------------------------------------------------------------------

    def _contend(self) -> None:
        """Of the item that is scarcest; afterwards all of it is free again, for the figures of the end."""
        left = {sku: units for sku, units in self._until_settled().available.items() if units > 0}
        item = min(left, key=lambda sku: (left[sku], sku))
        self.tally.contest = contend(self._target, self._entrance, item, left[item])

    # -- waiting ---------------------------------------------------------------------------------------------------

    def _until_settled(self) -> Stored:
        """Queues empty, balances projected, every channel told and acknowledged."""
        found: list[Stored] = []

        def settled() -> bool:
            if waiting_messages(self._target, [*self._channels, CRM, ERP]):
                return False
            found[:] = [look(self._target)]
            return found[0].projected and not found[0].unacknowledged and self._told(found[0])

        self._until("every channel has heard", settled)
        return found[0]

    def _told(self, stored: Stored) -> bool:
        """Whether each channel holds what it may see. Recomputed here; the marketplace is shown two units less."""
        for channel, buffer in (("webshop", 0), ("marketplace", 2)):
            for sku, available in stored.available.items():
                if stored.shadows.get((channel, "availability", sku)) != {
                    "available": max(0, max(0, available) - buffer)
                }:
                    return False
        return True

    @staticmethod
    def _until(what: str, condition: Callable[[], bool]) -> None:
        give_up = time.monotonic() + _PATIENCE_S
        while not condition():
            if time.monotonic() > give_up:
                raise CliError(f"waited {_PATIENCE_S:.0f} s in vain until {what}", "see: crossdock local logs")
            time.sleep(_POLL_S)


def expected_corrections(story: Story) -> dict[str, int]:
    """What the counts add to the fold of the movements."""
    return dict(story.tally.drift)


def all_sent(story: Story, plan: Plan) -> list[dict[str, Any]]:
    """The movements that must be in the balances: of known goods, and those that were corrected."""
    goods = set(plan.items)
    return [m for m in plan.all_movements() if m["item"] in goods] + story.corrected
