"""What a replay says in the end."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.replay.check import Outcome
    from tests.replay.drive import State

_OURS = ("apply_movements", "project_balances")
_SHOWN = 10


def document(state: State, outcome: Outcome) -> dict[str, Any]:
    """The result as JSON. Per movement: what one that is kept costs, its repetitions and refused lines included."""
    kept = max(1, outcome.journal_rows)
    used = [state.used.get(function, {}) for function in (*_OURS, "project_balances again")]

    def total(name: str) -> float:
        return sum(u.get(name, 0) for u in used)

    return {
        "agrees": not outcome.problems,
        "problems": outcome.problems,
        "lines": state.lines,
        "sent": state.sent,
        "kept": outcome.journal_rows,
        "refused": outcome.refused,
        "gaps_listed": outcome.gaps,
        "repeated": state.sent - outcome.journal_rows - outcome.refused,
        "balances": outcome.headers,
        "stream_batches": state.batches,
        "stream_batches_again": state.redelivered,
        "seconds": round(state.seconds, 1),
        "movements_per_second": round(state.sent / max(state.seconds, 0.001), 1),
        "per_movement": {
            "wcu": round(total("wcu") / kept, 4),
            "rcu": round(total("rcu") / kept, 4),
            "round_trips": round(total("round_trips") / kept, 4),
            "cpu_us": round(total("cpu_s") * 1e6 / kept, 1),
        },
        "used": state.used,
        "seed": state.seed,
        "month": state.month,
    }


def lines(result: Mapping[str, Any]) -> list[str]:
    """The result for people."""
    one = result["per_movement"]
    batches = f"{result['stream_batches']:,} stream batches, {result['stream_batches_again']:,} of them twice"
    said = [
        f"{result['lines']:,} lines, sent as {result['sent']:,} movements.",
        f"{result['kept']:,} kept, {result['repeated']:,} repetitions, {result['refused']:,} refused (services).",
        f"{result['gaps_listed']:,} gaps of the sequence listed, where refused lines are missing.",
        f"{result['balances']:,} balances from {batches}.",
        f"{result['seconds']:,.0f} s, {result['movements_per_second']:,.0f} movements a second.",
        f"One kept movement: {one['wcu']} WCU, {one['round_trips']} round trips, {one['cpu_us']:.0f} µs own CPU.",
    ]
    if result["agrees"]:
        return [*said, "Every balance equals the independent fold; nothing is lost, nothing counts twice."]
    problems = result["problems"]
    more = [f"and {len(problems) - _SHOWN:,} more"] if len(problems) > _SHOWN else []
    return [*said, f"{len(problems):,} differences:", *problems[:_SHOWN], *more]
