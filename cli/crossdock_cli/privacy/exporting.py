"""`crossdock privacy export`: everything that is kept of a person, with where it was found."""

from __future__ import annotations

import json
import os
from pathlib import Path  # noqa: TC003 - Typer reads the annotation when it runs
from typing import Annotated, Any

import typer
from rich.markup import escape

from crossdock.identity.persons import said
from crossdock_cli.customers.common import OPERATOR, By, MaybeWhy, desk_of, told
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.common import now_text
from crossdock_cli.output import console, emit_json, errors
from crossdock_cli.privacy.case import Kept, agreed, case_of, customers_of, reading
from crossdock_cli.target import connect

Person = Annotated[str, typer.Argument(help="A contact (CT…, or SYSTEM:ID), a mail address or a telephone number.")]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask before all tables are read.")]


def command(
    ctx: typer.Context,
    person: Person,
    out: Annotated[Path | None, typer.Option(dir_okay=False, help="A file that nobody else may read.")] = None,
    why: MaybeWhy = None,
    by: By = OPERATOR,
    yes: Yes = False,
    as_json: Annotated[bool, typer.Option("--json", help="It is JSON in any case.")] = False,  # noqa: ARG001 - as said
) -> None:
    """Export all that is kept of a person as one JSON document. The look is kept. Nothing is changed."""
    case = case_of(desk_of(connect(ctx.obj)))
    asked = case.asked(person)
    agreed(case, yes=yes)
    with told(), reading("looking") as read:
        kept = case.kept(asked, None, read)
    case.desk.look("export", customers_of(kept), by, why, unmask=why is not None)
    found = document(kept)
    if not found["found"]:
        errors.print(f"nothing is kept of {escape(asked.text)}: if that surprises you, look at how it is written")
    if out is None:
        emit_json(found)
        return
    _write(out, found)
    console.print(f"{len(found['found'])} things are in {out}", markup=False)


def document(kept: Kept) -> dict[str, Any]:
    """All of it, and by what it was looked for."""
    things = said(kept.seen)
    for table, key, scrub in kept.rows:
        things += [{"table": table, "pk": key[0], "sk": key[1], "place": p, "value": v} for p, v in scrub.found]
    for name, found in sorted(kept.objects.items()):
        things += [{"object": name, "place": place, "value": value} for place, value in found]
    return {
        "asked": kept.asked.text,
        "at": now_text(),
        "known_by": kept.person.document(),
        "shared_with_others": sorted(kept.seen.shared),
        "customers": customers_of(kept),
        "found": things,
        "in_keys": [{"table": table, "pk": pk, "sk": sk} for table, pk, sk in kept.keys],
    }


def _write(out: Path, found: dict[str, Any]) -> None:
    """Into a file that is the operator's alone from its first byte."""
    try:
        with os.fdopen(os.open(out, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            out.chmod(0o600)  # it may have been there
            json.dump(found, file, indent=2, ensure_ascii=False)
    except OSError as exc:
        raise CliError(
            f"{out} cannot be written: {exc.strerror}", "name a file in a folder that you may write"
        ) from exc
