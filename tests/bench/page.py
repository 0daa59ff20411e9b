"""docs/costs.md: the cost model's answers as a page for people."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING, Final

from tests.bench import page_quotes, page_reservations, standing
from tests.bench.model import Bill, Model, added, memory_of, sum_of, times
from tests.bench.movements import STREAM_BATCH
from tests.bench.tables import bill_rows, kinds_of, table, usd

if TYPE_CHECKING:
    from collections.abc import Iterable

AIM: Final = Decimal("1.00")
"""Dollars for a million movements from the queue on."""
_REQUESTS: Final = (1, 100, 1000)
_DELIVERIES: Final = (1, 10, 100)
_PRICES: Final = (1, 100, 500)


def render(model: Model) -> str:
    """The whole page."""
    parts = (
        _head(model),
        _overview(model),
        _movements(model),
        _edges(model),
        page_reservations.render(model),
        page_quotes.render(model),
        _others(model),
        standing.render(model.book),
        _common(model),
        _assumptions(model),
        _left_out(model),
    )
    return "\n\n".join(parts) + "\n"


def _head(model: Model) -> str:
    book = model.book
    return f"""# What it costs

This page is written by `make costs`: what `make bench` counted, times published prices ({book.region}, looked up on
{book.taken:%d %B %Y}, without tax, free tiers and volume discounts). Change `tests/bench/prices.toml`, not this page.

Counted with {model.counted["data"]} ({model.counted["machine"]}).
Requests, units and bytes are exact; what a function's time costs rests on assumptions, which stand below and matter
little where items are told in batches."""


def _overview(model: Model) -> str:
    deployed = sum_of(model.movements(deployed_batch(model)))
    verdict = "kept" if deployed <= AIM else "missed"
    rows = [
        ("movements, from the queue on", deployed, f"aim {usd(AIM)}: {verdict}"),
        *(
            (f"movements through the API, {n:,} to a request", sum_of(_through(model, n)), "from the request on")
            for n in _REQUESTS
        ),
        *(
            (f"deliveries of a changed item to a channel, {n} together", _total(model, f"deliveries.batch_{n}"), "")
            for n in _DELIVERIES
        ),
        *_webhook_rows(model),
        *(
            (f"price rules, {n} to a webhook", _total(model, f"price_rules.webhook_{n}"), "webhook included")
            for n in _PRICES
        ),
        *page_reservations.overview(model),
        *page_quotes.overview(model),
        ("movements the common way, from the queue on", sum_of(model.common_from_queue()), "for comparison"),
        (
            "movements the common way, a request each",
            sum_of(added(model.common_from_queue(), model.common_edge())),
            "for comparison",
        ),
    ]
    listed = table(("a million …", "costs", ""), [(name, usd(total), note) for name, total, note in rows])
    return f"## A million of each\n\n{listed}"


def _webhook_rows(model: Model) -> Iterable[tuple[str, Decimal, str]]:
    for n in (1, 100, 1000):
        yield f"webhooks with {n:,} movement{'s' * (n > 1)}", _total(model, f"webhook.moved_{n}"), "taken and sent on"
    yield "webhooks with 1 price rule", _total(model, "webhook.priced_1"), "taken and put on the bus"


def _movements(model: Model) -> str:
    batches = model.stream_batches()
    columns = [model.movements(batch) for batch in batches]
    heads = [f"{b:,} to a batch{' (deployed)' if b == deployed_batch(model) else ''}" for b in batches]
    announced = [model.bill(f"movements.stream_{b}", ["announce_changes"]) for b in batches]
    written = [model.header_writes(b) for b in batches]
    told = [
        sum_of(added(bill, announce, times(model.bill("deliveries.batch_100"), 2 * rate)))
        for bill, announce, rate in zip(columns, announced, written, strict=True)
    ]
    rows = bill_rows(columns)
    rows.append(("**from the queue to the balance**", *(f"**{usd(sum_of(c))}**" for c in columns)))
    rows.append(("movements to one header write", *(f"{1 / rate:.2f}" for rate in written)))
    rows.append(("marked as changed for two channels", *(usd(sum_of(a)) for a in announced)))
    rows.append(("and told to both, at most", *(usd(t) for t in told)))
    full = model.counted["sizes"]["stream_full_batch"]
    return f"""## A million movements, from the queue on

Received from the queue, item codes resolved, each kept for ever in the journal (1 write unit), the balances of a stream
batch summed and written once each. What is left to save is the second write: it depends on how many movements of the
same item meet in a batch, so it falls with the volume. {full:,} is about what the 6 MB of one Lambda invocation hold.

{table(("", *heads), rows)}

The last line is an upper bound: every changed header told to two channels, 100 items to a delivery. Deliveries tell the
value that is true when they go out, so changes that meet on the way are one delivery."""


def _edges(model: Model) -> str:
    columns = [_through(model, n) for n in _REQUESTS]
    rows = bill_rows(columns)
    rows.append(("**from the request to the balance**", *(f"**{usd(sum_of(c))}**" for c in columns)))
    heads = [f"{n:,} to a request" for n in _REQUESTS]
    return f"""## A million movements through the API

The same with the request before it: the gateway, `receive_movements` and the queue.

{table(("", *heads), rows)}"""


def _others(model: Model) -> str:
    names = [
        *(f"deliveries.batch_{n}" for n in _DELIVERIES),
        "webhook.moved_1",
        "webhook.moved_100",
        *(f"price_rules.webhook_{n}" for n in _PRICES),
        "counts.webhook_100",
        "reconcile",
    ]
    bills = [model.bill(n) for n in names]
    units = [f"{model.scenario(n)['unit']} · `{n}`" for n in names]
    kinds = kinds_of(bills)
    rows = [
        (unit, *(usd(b.get(k, Decimal(0))) for k in kinds), f"**{usd(sum_of(b))}**")
        for unit, b in zip(units, bills, strict=True)
    ]
    return f"""## Deliveries, webhooks, prices, counts

A million of each unit. A delivery is one item told to one channel and acknowledged; `reconcile` is one item compared
with its source's count, without drift.

{table(("unit", *kinds, "together"), rows)}"""


def _common(model: Model) -> str:
    ours, common = model.movements(deployed_batch(model)), model.common_from_queue()
    rows = bill_rows([ours, common])
    ratio = sum_of(common) / sum_of(ours)
    rows.append(("**from the queue on**", f"**{usd(sum_of(ours))}**", f"**{usd(sum_of(common))}**"))
    edge, common_edge = model.edge(1000), model.common_edge()
    rows.append(
        ("the request before it", f"{usd(sum_of(edge))} (1,000 in one)", f"{usd(sum_of(common_edge))} (one each)")
    )
    rows.append(
        ("**together**", f"**{usd(sum_of(added(ours, edge)))}**", f"**{usd(sum_of(added(common, common_edge)))}**")
    )
    messages, logged = (model.book.assumed[f"common_{n}"] for n in ("messages_per_invocation", "log_bytes"))
    return f"""## The common way, for comparison

One message a movement, an idempotency record (2 write units) and a transaction of balance and ledger (4) in three round
trips, counted on the same engine (`tests/bench/common.py`). Around them are assumed: {messages} messages to an
invocation, and for each movement a lookup of the item's code, one event on the bus and one log line of {logged} bytes.
It costs {ratio:.1f} times as much from the queue on.

{table(("", "crossdock", "the common way"), rows)}"""


def _assumptions(model: Model) -> str:
    book, assumed = model.book, model.book.assumed
    prices = table(
        ("price", "US$", "for", "published on", "quoted"),
        [(p.what, f"{p.usd}", f"{p.per:,}", p.page, p.seen) for p in book.prices.values()],
    )
    waits = table(("call", "ms"), [(f"`{call}`", str(ms)) for call, ms in book.latency_ms.items()])
    small, large = memory_of("receive_movements"), memory_of("apply_movements")
    core, factor, own = assumed["mb_per_core"], assumed["cpu_factor"], assumed["platform_log_bytes"]
    return f"""## Prices and assumptions

{prices}

- Functions behind the API have {small} MB, all others {large:,} MB (`infra/stages.py`). A function's time is its own
  CPU time as measured, divided by its share of a core (one core at {core:,} MB) and times {factor} for the cloud's
  cores, plus what it waits for calls (the table below; the local engine's times say nothing about the cloud's).
- Messages are taken ten to an invocation; each receiving and deleting is a request, larger ones one for each 64 KB.
  An event on the bus costs its queue one request more. Reading a stream is free for Lambda.
- Log bytes are those of the real lines, with 26 bytes that CloudWatch adds to each, and {own} for Lambda's own lines
  of an invocation.
- Nothing fails: a redelivered movement costs its refused write again, 1 write unit.

{waits}"""


def _left_out(model: Model) -> str:
    size, kept = model.counted["sizes"]["journal_row_bytes"], usd(model.storage_per_month())
    secret = usd(model.book.usd("secret_call", 43_200))
    return f"""## What is not in these figures

- **Keeping it.** A journal row has {size} bytes: a million cost {kept} a month with point-in-time recovery.
- **Secrets.** Each busy environment reads each secret it needs once a minute: {secret} a month.
- **Cold starts**, SnapStart's restores, the authorizer (invoked for each call: some $0.27 a million) and
  the counting of partners' calls (a write unit each at most, 0.11 when they are many), the archive of the bus,
  data transferred out to channels and callers, free tiers."""


def _through(model: Model, request: int) -> Bill:
    return added(model.edge(request), model.movements(deployed_batch(model), request))


def deployed_batch(model: Model) -> int:
    """The stream batch size that a deployed function gets."""
    return model.deployed(STREAM_BATCH)


def _total(model: Model, scenario: str) -> Decimal:
    return sum_of(model.bill(scenario))
