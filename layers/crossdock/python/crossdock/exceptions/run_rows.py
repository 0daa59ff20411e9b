"""Runs and their facts as they are kept, and as they are read."""

import json
from dataclasses import asdict
from typing import Any

from crossdock.exceptions.runs import FactState, Options, Payload, Run, RunFact, RunState, Selection, Subscribers
from crossdock.platform.dynamo import Item

LISTED = "run"
"""The partition of the index by state in which runs are listed."""


def head_row(run: Run, facts: int) -> dict[str, Any]:
    """A new run of so many facts."""
    return {
        "pk": f"RUN#{run.id}",
        "sk": "HEAD",
        "gs": LISTED,
        "gt": run.made_at,
        "state": run.state.value,
        "selection": json.dumps(asdict(run.selection)),
        "options": json.dumps(asdict(run.options)),
        "by": run.by,
        "why": run.why,
        "n_facts": facts,
        "n_sent": 0,
        "n_passed": 0,
    }


def fact_key(run: str, fact: RunFact) -> tuple[str, str]:
    return f"RUN#{run}", f"F#{fact.group}#{fact.occurrence}"


def fact_row(run: str, fact: RunFact) -> dict[str, Any]:
    pk, sk = fact_key(run, fact)
    return {"pk": pk, "sk": sk, "state": fact.state.value}


def fact_of(row: Item) -> RunFact:
    group, occurrence = row["sk"].removeprefix("F#").split("#", 1)
    return RunFact(group, occurrence, FactState(row["state"]), row.get("basis"), row.get("why"))


def run_of(row: Item) -> Run:
    selection, options = json.loads(row["selection"]), json.loads(row["options"])
    return Run(
        id=row["pk"].removeprefix("RUN#"),
        state=RunState(row["state"]),
        selection=Selection(
            **{**selection, "groups": tuple(selection["groups"]), "states": tuple(selection["states"])}
        ),
        options=Options(
            Payload(options["payload"]),
            Subscribers(options["subscribers"]),
            row.get("rate", options["rate"]),
            options["override"],
        ),
        by=row["by"],
        why=row.get("why"),
        made_at=row["gt"],
        facts=row["n_facts"],
        sent=row["n_sent"],
        passed_over=row["n_passed"],
        worker=row.get("worker"),
        verdicts=json.loads(row.get("verdicts", "{}")),
    )
