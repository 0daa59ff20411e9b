"""Invoked by a CloudWatch dashboard with its viewer's rights: the exceptions by impact, a dry run, a replay."""

import json
from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

from crossdock import config
from crossdock.exceptions.model import OPEN, Group
from crossdock.exceptions.replaying import Replayer
from crossdock.exceptions.run_store import RunStore
from crossdock.exceptions.runs import Options, RunState, Selection, new_id
from crossdock.exceptions.store import ExceptionsStore
from crossdock.flows.exception_widget import DESCRIPTION, dry_run, listing, said, weight
from crossdock.flows.foreseeing import change_texts
from crossdock.flows.replay_desk import Stores, replayer, sender
from crossdock.identity.items import Items
from crossdock.identity.references import References
from crossdock.inventory.journal_store import JournalStore
from crossdock.inventory.supply_store import SupplyStore
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.correlation import choose
from crossdock.platform.dynamo import Table
from crossdock.platform.errors import CrossdockError
from crossdock.platform.logs import passed
from crossdock.platform.queues import Sender
from crossdock.platform.startup import warm
from crossdock.pricing.store import PricingStore

# CloudWatch does not say who clicked; what it does not know is not made up.
ACTOR: Final = "cloudwatch-widget"
# A dashboard waits for the answer: what takes longer is an operator's work at a terminal or in the console.
_MOST_FACTS: Final = 200
_LONGEST: Final = 200


@dataclass(frozen=True, slots=True)
class Env:
    exceptions_table: str
    identity_table: str
    inventory_table: str
    pricing_table: str
    queue_urls: str


@dataclass(frozen=True, slots=True)
class App:
    exceptions: ExceptionsStore
    replayer: Replayer


def _no_bus(_: list[dict[str, str]]) -> None:
    raise CrossdockError("from a dashboard facts go back to the queue they fell out of, not onto the bus")


@warm
def app() -> App:
    values, client, clock = env.read(Env), clients.dynamodb(), system_clock
    exceptions = ExceptionsStore(Table(client, values.exceptions_table), clock)
    runs = RunStore(Table(client, values.exceptions_table), clock, exceptions)
    identity, inventory = Table(client, values.identity_table), Table(client, values.inventory_table)
    stores = Stores(
        exceptions,
        runs,
        References(identity),
        Items(identity),
        JournalStore(inventory, clock),
        SupplyStore(inventory, clock),
        PricingStore(Table(client, values.pricing_table), clock),
    )
    urls: dict[str, str] = json.loads(values.queue_urls)
    send = sender(lambda route, bodies: Sender(clients.sqs(), urls[route]).send(bodies), _no_bus)
    return App(exceptions, replayer(stores, config.load(), send, clock))


def handler(event: dict[str, Any], context: Any) -> Any:
    """`{"describe": true}` → how to use it; else HTML: the list, or with `action` a dry run or a replay."""
    deadline.begin(context)
    if event.get("describe"):
        return {"markdown": DESCRIPTION}
    arn = str(context.invoked_function_arn)
    try:
        match event.get("action"):
            case "preview":
                return _preview(str(event.get("group")), arn)
            case "replay":
                return _replay(str(event.get("run")), _why(event))
            case _:
                return _list(arn)
    except CrossdockError as exc:
        return said(f"That did not work: {exc}", "nothing more was sent; look at: crossdock exceptions runs list")


def _list(arn: str) -> str:
    now = to_text(system_clock())
    groups = sorted(app().exceptions.groups(OPEN), key=lambda group: weight(group, now))
    return listing(groups, now, arn)


def _preview(id_: str, arn: str) -> str:
    group = app().exceptions.group(id_)
    if group is None or not group.open:
        return said("Nothing of this is open any more.", "refresh the dashboard")
    if group.open > _MOST_FACTS:
        remedy = f"crossdock exceptions replay {group.id} --dry-run, or crossdock console"
        return said(f"{group.open} facts are too many to wait for in a dashboard.", remedy)
    return dry_run(group, *_foreseen(group), arn)


def _foreseen(group: Group) -> tuple[str, dict[str, Any]]:
    """The id of the run that would send, and what it would come to."""
    run = app().replayer.draft(Selection(groups=(group.id,)), Options(), ACTOR)
    verdicts: Counter[str] = Counter()
    changes: dict[tuple[str, str], Any] = {}
    sendable = 0
    for foreseen in app().replayer.preview(run):
        verdicts[foreseen.why] += 1
        sendable += foreseen.prepared is not None
        for place, quantity in foreseen.change.items():
            changes[place] = changes.get(place, 0) + quantity
    stock = change_texts(changes)
    return run.id, {"facts": run.facts, "sendable": sendable, "verdicts": dict(verdicts), "stock": stock}


def _replay(run_id: str, why: str) -> str:
    if not why:
        return said("Why is needed; nothing was sent.", "go back to the dry run, fill it in and press Replay again")
    desk, by, worker = app().replayer, f"{ACTOR}: {why}", new_id()
    run = desk.runs.run(run_id)
    # Only what was previewed here, a moment ago, is sent from here: other runs are their operators'.
    if run is None or run.by != ACTOR or run.state is not RunState.PREVIEWED or not desk.runs.begin(run_id, worker, by):
        return said("This dry run was used already, or is none.", "refresh the dashboard and begin with a dry run")
    done = desk.work(desk.runs.run(run_id) or run, worker, by)
    passed("replayed", "exceptions", [choose(None)], run=done.id, by=by, items=done.sent)
    remedy = f"how it ended: crossdock exceptions runs show {done.id}; refresh the dashboard in a moment"
    return said(f"Run {done.id}: {done.sent} sent, {done.passed_over} passed over.", remedy)


def _why(event: dict[str, Any]) -> str:
    """The reason from the form in the widget; CloudWatch puts all its fields into the context."""
    context = event.get("widgetContext")
    forms = context.get("forms") if isinstance(context, dict) else None
    fields = forms.get("all") if isinstance(forms, dict) else None
    said_ = fields.get("why") if isinstance(fields, dict) else None
    return said_.strip()[:_LONGEST] if isinstance(said_, str) else ""
