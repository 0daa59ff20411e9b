"""What a dry run shows: how many facts would come to what, what of their payloads differs, which stock would move."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from rich.markup import escape

from crossdock.exceptions.masking import covered_patch
from crossdock.flows.foreseeing import change_texts
from crossdock_cli.output import console, emit_json, table

if TYPE_CHECKING:
    from crossdock.exceptions.replaying import Foreseen
    from crossdock.exceptions.runs import Run

_SHOWN: Final = 5


@dataclass
class Preview:
    """A dry run, added up fact by fact."""

    verdicts: Counter[str] = field(default_factory=Counter)
    sendable: int = 0
    reasons: list[str] = field(default_factory=list)
    changes: dict[tuple[str, str], Any] = field(default_factory=dict)
    diffs: list[dict[str, Any]] = field(default_factory=list)

    def add(self, foreseen: Foreseen) -> None:
        """Counts one fact; the first few show what is sent in place of what came."""
        self.verdicts[foreseen.why] += 1
        if foreseen.prepared is None or foreseen.occurrence is None:
            self.reasons.append(foreseen.why)
            return
        self.sendable += 1
        for place, quantity in foreseen.change.items():
            self.changes[place] = self.changes.get(place, 0) + quantity
        if len(self.diffs) < _SHOWN:
            self.diffs.append(
                {
                    "group": foreseen.fact.group,
                    "occurrence": foreseen.fact.occurrence,
                    "verdict": foreseen.why,
                    "to": [route for route, _ in foreseen.prepared.targets],
                    "diff": covered_patch(differences(foreseen.occurrence.original, foreseen.prepared.message)),
                }
            )


def differences(before: Any, after: Any) -> list[dict[str, Any]]:
    """What turns one payload into another, as JSON Patch operations that also say what was there."""
    import jsonpatch  # noqa: PLC0415 - needed by this command alone
    import jsonpointer  # noqa: PLC0415 - the same

    found = []
    for operation in jsonpatch.make_patch(before, after):
        was = jsonpointer.resolve_pointer(before, operation["path"], None) if operation["op"] != "add" else None
        found.append({**operation, **({} if was is None else {"was": was})})
    return found


def preview_document(run: Run, preview: Preview) -> dict[str, Any]:
    """A dry run for programs."""
    return {
        "run": run.id,
        "facts": run.facts,
        "sendable": preview.sendable,
        "verdicts": dict(preview.verdicts),
        "stock": change_texts(preview.changes),
        "examples": preview.diffs,
    }


def print_preview(run: Run, preview: Preview, *, as_json: bool) -> None:
    """Prints a dry run, and how to start it."""
    if as_json:
        emit_json(preview_document(run, preview))
        return
    console.print(f"run {run.id}: {run.facts} facts, nothing was sent")
    console.print(table((">facts", "what would become of them"), [(n, v) for v, n in preview.verdicts.most_common()]))
    moved = change_texts(preview.changes)
    if moved:
        rows = [
            (f"{quantity:+}" if isinstance(quantity, int) else quantity, place) for place, quantity in moved.items()
        ]
        console.print(table((">on hand", "of"), rows[:_SHOWN]), markup=False)
        if len(rows) > _SHOWN:
            console.print(f"[dim]… and {len(rows) - _SHOWN} more (--json shows all)[/dim]")
    for example in preview.diffs:
        console.print(escape(f"{example['occurrence']} → {', '.join(example['to'])}: {example['verdict']}"))
        for step in example["diff"]:
            was = f" (was {step['was']})" if "was" in step else ""
            console.print(escape(f"    {step['op']} {step['path']}: {step.get('value', '')}{was}"))
    if preview.sendable:
        console.print(f"\n[dim]do it: crossdock exceptions runs start {run.id}[/dim]")
