"""Quotes and webhooks a second through the deployed API, in turns with reads of stock: only the ratios mean much.

The local engine is one process on this machine, which the callers share; the cloud's figures are others.
"""

from __future__ import annotations

import json
import statistics
import time
import uuid
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final

import httpx

from tests.bench.figures import Figure, Report
from tests.bench.price_catalogue import sku
from tests.bench.price_reads import CUSTOMER, LINES, SOME, items_of
from tests.bench.price_tables import load, rows
from tests.bench.quotes import body
from tests.support.engine import deployed_engine
from tests.support.system import System, movement
from tests.support.tables import table_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CALLERS: Final = 4
_CALLS: Final = 32
_LARGE_CALLS: Final = 8
_ROUNDS: Final = 3
_PATIENCE_S: Final = 300.0
_CREATED: Final = 201
_ACCEPTED: Final = 202
_MOVED: Final = "BENCH-MOVED"
_KNOWN: Final = {200, 404}


def run(home: Path, step: Callable[[str], None]) -> Report:
    """Deploys the app into an engine of its own; the rows asked for stand in its table."""
    step("quotes and webhooks through the deployed API")
    with deployed_engine(home / "deployed", fast=True) as target:
        found = rows(SOME, items_of(SOME, LINES), [CUSTOMER])
        count = load(target.dynamodb, table_name("pricing"), found)
        system = System(target, home / "deployed", {})
        _rest(system)
        with httpx.Client(base_url=target.api_url, timeout=60, trust_env=False, headers=_headers(system)) as client:
            return _report(client, system, count)


def _rest(system: System) -> None:
    """Waits until what follows from the rows has happened: two looks that see the same, and nothing in a queue."""
    seen: list[dict[str, object]] = []

    def still() -> bool:
        seen.append(system.dump())
        return len(seen) > 1 and seen[-1] == seen[-2] and not any(system.depths().values())

    system.until("the system is at rest", still, _PATIENCE_S)


def _headers(system: System) -> dict[str, str]:
    return {"x-api-key": system.key, "content-type": "application/json"}


def _report(client: httpx.Client, system: System, count: int) -> Report:
    system.knows(_MOVED)
    one, many = body(items_of(SOME, 1)), body(items_of(SOME, LINES))
    works: dict[str, Callable[[], float]] = {
        "quotes": lambda: _posted(client, one),
        f"quotes{LINES}": lambda: _posted(client, many),
        "webhooks": lambda: _sent(system),
        "reads": lambda: _read(client),
    }
    rates: dict[str, list[float]] = {name: [] for name in works}
    waits: dict[str, list[float]] = {name: [] for name in works}
    with ThreadPoolExecutor(CALLERS) as pool:
        for _ in range(_ROUNDS + 1):  # the first round starts the functions and is left out
            for name, work in works.items():
                begun, calls = time.perf_counter(), _LARGE_CALLS if name == f"quotes{LINES}" else _CALLS
                waits[name].append(statistics.median(pool.map(lambda _, work=work: work(), range(calls))))
                rates[name].append(calls / (time.perf_counter() - begun))
    return Report(_figures({n: r[1:] for n, r in rates.items()}, {n: w[1:] for n, w in waits.items()}, count))


def _figures(rates: dict[str, list[float]], waits: dict[str, list[float]], count: int) -> dict[str, Figure]:
    where = f"{CALLERS} callers, deployed in the local engine, {count} rows; best of {_ROUNDS} rounds"
    found: dict[str, Figure] = {}
    for name, what in (("quotes", "of 1 line"), (f"quotes{LINES}", f"of {LINES} lines")):
        pairs = list(zip(rates[name], rates["reads"], strict=True))
        found |= {
            f"{name}_per_second": Figure(max(rates[name]), "1/s", f"quotes {what}, kept and sealed; {where}"),
            f"{name}_per_second_ratio": Figure(
                statistics.median(ours / reads for ours, reads in pairs), "×", f"quotes {what} for one read of stock"
            ),
            f"{name}_wait_ms": Figure(min(waits[name]) * 1e3, "ms", f"a quote {what} is waited for; median of a round"),
        }
    pairs = list(zip(rates["webhooks"], rates["reads"], strict=True))
    found |= {
        "webhooks_per_second": Figure(max(rates["webhooks"]), "1/s", f"webhooks of 1 movement, answered; {where}"),
        "webhooks_per_second_ratio": Figure(
            statistics.median(ours / reads for ours, reads in pairs), "×", "webhooks for one read of stock"
        ),
        "webhooks_wait_ms": Figure(min(waits["webhooks"]) * 1e3, "ms", "a webhook's answer; median of a round"),
    }
    lines = max(rates[f"quotes{LINES}"]) * LINES
    return found | {
        "quoted_lines_per_second": Figure(lines, "1/s", f"lines of such quotes of {LINES}"),
        "quotes_per_second_baseline": Figure(max(rates["reads"]), "1/s", "reads of an item's stock, in the same run"),
        "quotes_wait_ms_baseline": Figure(min(waits["reads"]) * 1e3, "ms", "a read of stock is waited for"),
    }


def _posted(client: httpx.Client, content: bytes) -> float:
    begun = time.perf_counter()
    answer = client.post("/v1/quotes", content=content)
    if answer.status_code != _CREATED:
        raise RuntimeError(f"a quote was answered {answer.status_code}: {answer.text[:300]}")
    priced = [line["status"] for line in json.loads(answer.content)["lines"]]
    if set(priced) != {"PRICED"}:
        raise RuntimeError(f"lines without a price: {priced}")
    return time.perf_counter() - begun


def _sent(system: System) -> float:
    """A webhook of one movement, which none before it had."""
    begun = time.perf_counter()
    fact = movement(uuid.uuid4().hex, _MOVED, 1)
    answer = system.webhook("wms", "stock.moved", {"movements": [fact]})
    if answer.status_code != _ACCEPTED:
        raise RuntimeError(f"a webhook was answered {answer.status_code}: {answer.text[:300]}")
    return time.perf_counter() - begun


def _read(client: httpx.Client) -> float:
    begun = time.perf_counter()
    answer = client.get(f"/v1/items/{sku(items_of(SOME, 1)[0])}/availability")
    if answer.status_code not in _KNOWN:
        raise RuntimeError(f"a read was answered {answer.status_code}: {answer.text[:300]}")
    return time.perf_counter() - begun
