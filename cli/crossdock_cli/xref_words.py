"""What the commands about cross-references share: kinds, instants, documents, and errors in an operator's words."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer

from crossdock.contracts.xrefs import KINDS, CrossReference, Kind
from crossdock.identity.xref_writes import XrefError
from crossdock.platform.clock import from_text, to_text
from crossdock.platform.errors import StoreUnavailableError
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

ITEM: Final = "item"
KindOption = Annotated[str, typer.Option("--kind", help=f"One of {', '.join(KINDS)}.")]


def kind_of(text: str) -> Kind:
    """The kind as given, refused as wrong usage when it is none."""
    if text not in KINDS:
        raise typer.BadParameter(f"'{text}' is no kind; use one of {', '.join(KINDS)}", param_hint="--kind")
    return text


def instant(text: str | None, option: str) -> datetime | None:
    """An instant as given, refused as wrong usage without a UTC offset."""
    if text is None:
        return None
    try:
        return from_text(text)
    except ValueError as exc:
        raise typer.BadParameter(
            f"{text!r} is no instant; write it as 2026-01-31T00:00:00Z", param_hint=option
        ) from exc


def document(reference: CrossReference) -> dict[str, Any]:
    """A reference for programs; of an item in the words that items always had."""
    if reference.kind == ITEM:
        named = {"system": reference.system, "code": reference.external, "sku": reference.canonical}
    else:
        named = {
            "kind": reference.kind,
            "system": reference.system,
            "external": reference.external,
            "canonical": reference.canonical,
        }
    start, end = reference.valid_from, reference.valid_to
    more = {
        "role": reference.role,
        "valid_from": to_text(start) if start else None,
        "valid_to": to_text(end) if end else None,
        "home": reference.home,
    }
    return named | {name: value for name, value in more.items() if value is not None}


@contextmanager
def said() -> Iterator[None]:
    """What is wrong with a reference, as one line and a remedy."""
    try:
        yield
    except XrefError as exc:
        raise CliError(exc.message, exc.remedy) from exc
    except StoreUnavailableError as exc:
        raise CliError(str(exc), "run it again: what is done stays done and is not done twice") from exc
