"""The demo's result: figures that a program can check, and the same as a page that a person can read."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from rich.panel import Panel

from crossdock_cli.demo.plan import fold
from crossdock_cli.demo.story import all_sent, expected_corrections
from crossdock_cli.output import console, table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from crossdock_cli.demo.contest import Contest
    from crossdock_cli.demo.plan import Plan
    from crossdock_cli.demo.receiver import Channel
    from crossdock_cli.demo.senders import Sent
    from crossdock_cli.demo.stored import Stored
    from crossdock_cli.demo.story import Story


def figures(
    story: Story, plan: Plan, stored: Stored, channels: dict[str, Channel], sent: Sent, elapsed_s: float
) -> dict[str, Any]:
    """Everything that was claimed, recomputed from what is stored and what was sent."""
    tally = story.tally
    ours = {movement for source, movement in stored.journal if source != "crossdock"}
    expected = fold(all_sent(story, plan), expected_corrections(story))
    arrivals = channels["webshop"].all_arrivals()
    journeys = [arrivals[c] - began for c, began in sent.at.items() if c in arrivals]
    return {
        "days": len(plan.days),
        "items": len(plan.items),
        "prices": tally.prices,
        "movements": {
            "sent": tally.sent,
            "unique": len(tally.unique),
            "duplicates": tally.sent - len(tally.unique),
            "applied": len(ours),
            "exceptions": len(stored.refused & tally.unique),
        },
        "balances_equal_ledger": stored.balances == expected,
        "lost": len(tally.unique - ours - stored.refused),
        "doubled": sum(n - 1 for n in stored.journal.values()),
        "publications": {name: _publication(channel) for name, channel in channels.items()},
        "forged_webhook_answered": tally.forged_webhook_status,
        "exceptions": {
            "opened": tally.exceptions_opened,
            "replayed": tally.exceptions_replayed,
            "closed": tally.exceptions_closed,
            "kinds": tally.exception_kinds,
        },
        "drift": {"injected": len(tally.drift), "found": tally.drift_found, "healed": tally.drift_healed},
        "reservations": _reservations(tally.contest, stored),
        "quotes": {**asdict(tally.quoting), "holds": tally.quoting.holds},
        "customer": {**asdict(tally.onboarding), "fair": tally.onboarding.fair},
        "latency_ms": {
            "accept_p50": _milliseconds(sent.seconds, 0.50),
            "accept_p99": _milliseconds(sent.seconds, 0.99),
            "end_to_end_p50": _milliseconds(journeys, 0.50),
            "end_to_end_p99": _milliseconds(journeys, 0.99),
        },
        "elapsed_s": round(elapsed_s, 1),
    }


def succeeded(found: dict[str, Any]) -> bool:
    """Whether the demo showed what it claims."""
    drift = found["drift"]
    stale = sum(p["stale"] for p in found["publications"].values())
    return bool(
        found["lost"] == 0
        and found["doubled"] == 0
        and found["balances_equal_ledger"]
        and drift["healed"] == drift["injected"]
        and found["reservations"]["oversold"] == 0
        and found["reservations"]["fair"]
        and found["reservations"]["free_again"]
        and found["quotes"]["holds"]
        and found["customer"]["fair"]
        and stale == 0
    )


def show(found: dict[str, Any]) -> None:
    """The page for people."""
    moved, published, late = found["movements"], found["publications"], found["latency_ms"]
    rows = [
        ("movements sent", moved["sent"], f"{moved['duplicates']} of them twice, whole batches out of order"),
        ("  unique", moved["unique"], ""),
        ("  applied", moved["applied"], "each once"),
        ("  refused, on the exceptions list", moved["exceptions"], _kinds(found["exceptions"])),
        ("lost", found["lost"], "accepted, but neither applied nor on the list"),
        ("doubled", found["doubled"], "applied more than once"),
        (
            "balances equal the ledger",
            "yes" if found["balances_equal_ledger"] else "NO",
            f"{found['items']} items, folded anew",
        ),
        ("price changes", found["prices"], f"over {found['days']} days"),
        ("exceptions replayed / closed", f"{found['exceptions']['replayed']} / {found['exceptions']['closed']}", ""),
        ("forged webhook answered with", found["forged_webhook_answered"], "nothing stored"),
        ("stock drift injected / found / healed", " / ".join(str(v) for v in found["drift"].values()), ""),
    ]
    rows += _contest_rows(found["reservations"])
    rows += _quote_rows(found["quotes"])
    rows += _customer_rows(found["customer"])
    for name, channel in published.items():
        rows.append(
            (
                f"{name} told",
                channel["acknowledged"],
                _deliveries(channel),
            )
        )
    rows.append(("accepted within, ms (p50 / p99)", f"{late['accept_p50']} / {late['accept_p99']}", ""))
    journey = f"{late['end_to_end_p50']} / {late['end_to_end_p99']}"
    rows.append(
        ("from sent to acknowledged, ms (p50 / p99)", journey, "cold starts, the outage and the flood included")
    )
    console.print(
        Panel.fit(table(("", ">", ""), rows), title=_title(found), border_style="green" if succeeded(found) else "red")
    )


def _reservations(contest: Contest, stored: Stored) -> dict[str, Any]:
    free_again = stored.available.get(contest.item) == contest.units
    derived = {"oversold": contest.oversold, "fair": contest.fair, "free_again": free_again}
    return {**asdict(contest), "asked": 2 * contest.clients, **derived}


def _contest_rows(found: dict[str, Any]) -> list[tuple[str, object, str]]:
    alike = "all answered alike both times" if found["repeated_alike"] == found["clients"] else "NOT answered alike"
    freed = "all free again" if found["free_again"] else "NOT free again"
    return [
        (
            f"asked for the last {found['units']} units of {found['item']}",
            found["asked"],
            f"{found['clients']} clients at once, {found['each']} units each, every request twice",
        ),
        ("  held / refused", f"{found['held']} / {found['refused']}", alike),
        ("  oversold", found["oversold"], f"{found['stored_held']} units held in all, then released: {freed}"),
    ]


def _quote_rows(found: dict[str, Any]) -> list[tuple[str, object, str]]:
    alike, lines = found["as_the_channel_holds"], found["lines"]
    orders = [found[name] for name in ("order_accepted", "cheaper_order_accepted", "forged_token_accepted")]
    verdicts = " / ".join("taken" if taken else "refused" for taken in orders)
    return [
        (
            "lines quoted",
            lines,
            f"{'all' if alike == lines else f'only {alike}'} at the price that the webshop was told",
        ),
        ("  ordered by the quote", verdicts, "as quoted / a hundredth cheaper / with a forged token"),
    ]


def _customer_rows(found: dict[str, Any]) -> list[tuple[str, object, str]]:
    echoes = "its own words told nobody again" if not found["echoes_told"] else "its own words went round AGAIN"
    return [
        (
            "a customer made in the CRM: ERP accounts",
            found["accounts"],
            f"asked to make one {found['attempts']} times, failing before and after it; {echoes}",
        ),
        ("  a credit hold of the ERP known in the shop after, s", found["held_after_s"], ""),
    ]


def _title(found: dict[str, Any]) -> str:
    verdict = "nothing lost, doubled or oversold, all drift healed" if succeeded(found) else "the claims did NOT hold"
    return f"{found['days']} business days in {found['elapsed_s']} s: {verdict}"


def _publication(channel: Channel) -> dict[str, int]:
    counts = channel.counts()
    return {
        "sent": counts.received,
        "acknowledged": counts.acknowledged,
        "stale": counts.stale,
        "repeated": counts.repeated,
        "forged_rejected": counts.forged_rejected,
        "deliveries": counts.deliveries,
        "while_down": counts.failed,
    }


def _deliveries(channel: dict[str, int]) -> str:
    down, forged = channel["while_down"], channel["forged_rejected"]
    return (
        f"{channel['deliveries']} deliveries, {channel['stale']} stale, {down} while down, {forged} forged and rejected"
    )


def _kinds(found: dict[str, Any]) -> str:
    kinds = ", ".join(f"{count} {kind}" for kind, count in found["kinds"].items())
    return f"{kinds}; {found['replayed']} corrected, and applied after all"


def _milliseconds(seconds: Iterable[float], share: float) -> int:
    """The value that `share` of them do not exceed (nearest rank), in whole milliseconds; 0 when there are none."""
    ordered = sorted(seconds)
    return round(1000 * ordered[math.ceil(share * len(ordered)) - 1]) if ordered else 0
