"""Exceptions as the console asks and commands: by the same code as `crossdock exceptions`, under the same name."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from crossdock.exceptions.masking import covered_patch
from crossdock.exceptions.run_store import RunStoppedError
from crossdock.exceptions.runs import AGAIN, UNDONE, FactState, Options, Payload, RunState, Selection
from crossdock.flows.exception_widget import weight
from crossdock_cli.audit.listening import step
from crossdock_cli.console.guard import RefusedError
from crossdock_cli.console.reading import flag, number, optional, required, texts
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.choosing import begun, check_group, previewed, run_document
from crossdock_cli.exceptions.common import group_document, group_of, instant, now_text, store_of
from crossdock_cli.exceptions.documents import fact_document, facts_of, note_look, step_document, step_sentence
from crossdock_cli.exceptions.machinery import replayer_of, runs_of
from crossdock_cli.exceptions.mended import (
    assigned,
    check_basis,
    close_facts,
    correction,
    keep_corrections,
    open_facts,
)
from crossdock_cli.exceptions.previewing import differences, preview_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from crossdock.exceptions.replaying import Replayer
    from crossdock.exceptions.runs import Run
    from crossdock_cli.target import Target

_FACTS_SHOWN: Final = 50
_PASSED_SHOWN: Final = 20
_RUNS_SHOWN: Final = 50
_FASTEST: Final = 10_000


@dataclass
class Mending:
    """One operator at one stage's exceptions."""

    target: Target
    by: str
    _threads: dict[str, threading.Thread] = field(default_factory=dict)
    _problems: dict[str, str] = field(default_factory=dict)

    # -- looking -----------------------------------------------------------------------------------------------

    def groups(self, query: Mapping[str, str]) -> dict[str, Any]:
        """Groups by impact: overdue ones first, then what holds up most orders, most money, most facts, the oldest."""
        now, state = now_text(), query.get("state", "open")
        if state not in {"open", "closed"}:
            raise RefusedError(400, f"state: '{state[:40]}' is none", "open or closed")
        found = [
            group_document(g, now) for g in sorted(store_of(self.target).groups(state), key=lambda g: weight(g, now))
        ]
        return {"at": now, "groups": found}

    def group(self, group: str) -> dict[str, Any]:
        """One group with its refused facts, covered, and its history."""
        return self._shown(group, raw=False)

    def look(self, group: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """The same uncovered; that somebody looks, and why, is kept first."""
        why, store = required(given, "why"), store_of(self.target)
        note_look(self.target, store, group_of(store, group), self.by, why)
        return self._shown(group, raw=True)

    def _shown(self, group: str, *, raw: bool) -> dict[str, Any]:
        store, now = store_of(self.target), now_text()
        head = group_of(store, group)
        facts = facts_of(store, group, None)
        facts.sort(key=lambda f: f.state != "open")
        steps = [
            {**step_document(row, raw=raw), "did": step_sentence(step_document(row, raw=raw))}
            for row in store.history(group)
        ]
        return {
            **group_document(head, now),
            "at": now,
            "uncovered": raw,
            "facts": len(facts),
            "orders": sorted({o for f in facts for o in f.orders if f.state in {"open", "replaying"}}),
            "occurrences": [fact_document(f, head, raw=raw) for f in facts[:_FACTS_SHOWN]],
            "history": steps,
        }

    # -- changing ----------------------------------------------------------------------------------------------

    def correct(self, group: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Corrects open facts, or with `dry_run` says what would become of their payloads."""
        store, assignments = store_of(self.target), texts(given, "set")
        group_of(store, group)
        if not assignments:
            raise CliError("nothing to correct was given", "give FIELD=VALUE, one a line")
        facts = list(open_facts(store, group, optional(given, "occurrence")))
        for fact in facts:
            check_basis(fact, optional(given, "basis") if len(facts) == 1 else None)
        wanted = [correction(fact, assigned(fact, assignments)) for fact in facts]
        if flag(given, "dry_run"):
            shown = [
                {"occurrence": f.id, "diff": covered_patch(differences(f.message, after))} for f, after, _ in wanted
            ]
            return {"facts": len(wanted), "examples": shown[:5]}
        return {"corrected": keep_corrections(store, wanted, self.by, required(given, "why"))}

    def assign(self, group: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Gives a group to somebody."""
        owner, due = required(given, "owner"), optional(given, "due")
        if not owner.isprintable():
            raise CliError("owner: nobody's name", "give a name of printable letters")
        store = store_of(self.target)
        group_of(store, group)
        until = instant(due, "due", ahead=True) if due else None
        store.assign(group, owner, until, self.by, optional(given, "why"))
        head = group_of(store, group)
        return {"owner": head.owner, "due": head.due}

    def close(self, group: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Ends open facts without applying them."""
        why, store = required(given, "why"), store_of(self.target)
        group_of(store, group)
        return {
            "closed": close_facts(store, list(open_facts(store, group, optional(given, "occurrence"))), self.by, why)
        }

    # -- replaying ---------------------------------------------------------------------------------------------

    def preview(self, group: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Drafts a run and says what would become of each fact; nothing is sent."""
        replayer, occurrence, again = replayer_of(self.target), optional(given, "occurrence"), flag(given, "again")
        check_group(replayer, group, occurrence, again=again)
        payload = optional(given, "payload") or Payload.CORRECTED.value
        if payload not in set(Payload):
            raise RefusedError(400, f"payload: '{payload[:40]}' is none", f"one of {', '.join(Payload)}")
        selection = Selection(groups=(group,), occurrence=occurrence, states=AGAIN if again else UNDONE)
        options = Options(Payload(payload), rate=number(given, "rate", 0, _FASTEST))
        run = replayer.draft(selection, options, self.by, optional(given, "why"))
        if run.facts == 0:
            raise CliError("nothing in this group is open", "what went through is sent again with 'again'")
        return preview_document(run, previewed(replayer, run))

    def start(self, run: str, given: Mapping[str, Any]) -> dict[str, Any]:
        """Begins a previewed run, or goes on with one, in the background; `run` shows how far it is."""
        replayer = replayer_of(self.target)
        rate = number(given, "rate", 0, _FASTEST) if "rate" in given else None
        found, worker = begun(replayer, self._run(run).id, self.by, rate)
        self._problems.pop(run, None)
        self._threads[run] = threading.Thread(target=self._work, args=(replayer, found, worker), daemon=True)
        self._threads[run].start()
        return run_document(found)

    def _work(self, replayer: Replayer, run: Run, worker: str) -> None:
        try:
            with step(self.target, "console exceptions replay", {"run": run.id, "by": self.by}):
                replayer.work(run, worker, self.by)
        except RunStoppedError:
            return  # paused, or worked off from elsewhere: the run itself says so
        except Exception as exc:  # noqa: BLE001 - whatever it is, the operator who waits for the run must hear of it
            self._problems[run.id] = f"{type(exc).__name__}: {exc}"

    def pause(self, run: str) -> dict[str, Any]:
        """Stops a run before its next batch, whoever works it off."""
        if not runs_of(self.target).pause(run, self.by):
            raise CliError(f"run {run} is {self._run(run).state.value}, not running")
        return run_document(self._run(run))

    def runs(self) -> dict[str, Any]:
        """The latest runs."""
        found = [run_document(r) for _, r in zip(range(_RUNS_SHOWN), runs_of(self.target).runs(), strict=False)]
        return {"at": now_text(), "runs": found}

    def run(self, run: str) -> dict[str, Any]:
        """How far a run is, what was passed over and why, who did what with it."""
        store, found = runs_of(self.target), self._run(run)
        passed = [
            {"group": f.group, "occurrence": f.occurrence, "why": f.why} for f in store.facts(run, FactState.PASSED)
        ]
        return {
            **run_document(found),
            "groups": list(found.selection.groups),
            "passed": passed[:_PASSED_SHOWN],
            "log": store.log(run),
            "problem": self._problems.get(run),
        }

    def _run(self, run: str) -> Run:
        found = runs_of(self.target).run(run)
        if found is None:
            raise RefusedError(404, f"there is no run '{run[:40]}'")
        return found

    def unfinished(self) -> list[str]:
        """The runs that are worked off here at this moment."""
        return [
            run
            for run, thread in self._threads.items()
            if thread.is_alive() and self._run(run).state is RunState.RUNNING
        ]
