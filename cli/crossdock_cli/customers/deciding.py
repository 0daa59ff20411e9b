"""`crossdock customers merge`, `unmerge` and `distinct`: which customers are one is a person's decision."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from crossdock.exceptions.model import OPEN
from crossdock.identity.suspecting import UnknownPairError
from crossdock_cli.customers.common import OPERATOR, By, Desk, Why, desk_of, told
from crossdock_cli.customers.pairs import POSSIBLE
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.common import store_of
from crossdock_cli.output import AsJson, console, emit_json
from crossdock_cli.target import connect

if TYPE_CHECKING:
    from collections.abc import Iterator

    from crossdock.exceptions.model import Occurrence
    from crossdock.exceptions.store import ExceptionsStore

Loser = Annotated[str, typer.Argument(help="The one that goes: its ids mean the other from then on.")]
Winner = Annotated[str, typer.Argument(help="The one that stays.")]
Went = Annotated[str, typer.Argument(help="The one that was merged, by our id: its own ids come back to it.")]
Stayed = Annotated[str, typer.Argument(help="The one it was merged into, by our id.")]


def merge_command(
    ctx: typer.Context, loser: Loser, winner: Winner, why: Why, by: By = OPERATOR, as_json: AsJson = False
) -> None:
    """Make one customer of two. Nothing that was said is lost: unmerge takes it back exactly."""
    desk = desk_of(connect(ctx.obj))
    goes, stays = desk.kept(loser).customer, desk.kept(winner).customer
    if goes.into == stays.id:  # it was done, and whoever asked did not hear of it
        _end(desk, goes.id, stays.id, "merged", by, why, as_json=as_json)
        return
    with told():
        desk.uses.merging.merge(goes.id, stays.id, by=by, why=why, cause=desk.cause(by))
        # It says more than before, and may look like somebody else.
        desk.uses.suspecting.compare(stays.id, desk.cause(by))
    _end(desk, goes.id, stays.id, "merged", by, why, as_json=as_json)


def unmerge_command(
    ctx: typer.Context, loser: Went, winner: Stayed, why: Why, by: By = OPERATOR, as_json: AsJson = False
) -> None:
    """Take a merge back: each is as if it had never been, with what was reported of it meanwhile."""
    desk = desk_of(connect(ctx.obj))
    went, stayed = (desk.kept(c).customer.id for c in (_ours(loser), _ours(winner)))
    desk.look("unmerge", [went, stayed], by, why)
    with told():
        desk.uses.merging.unmerge(went, stayed, cause=desk.cause(by))
        for customer in (went, stayed):
            desk.uses.suspecting.compare(customer, desk.cause(by))
    if as_json:
        emit_json({"unmerged": went, "from": stayed})
        return
    console.print(f"{went} stands for itself again")
    console.print(f"so that they are not taken for one again: crossdock customers distinct {went} {stayed} --why …")


def distinct_command(
    ctx: typer.Context,
    one: Annotated[str, typer.Argument(help="Our id, or SYSTEM:ID.")],
    other: Annotated[str, typer.Argument(help="Our id, or SYSTEM:ID.")],
    why: Why,
    by: By = OPERATOR,
    as_json: AsJson = False,
) -> None:
    """Keep that two customers are not one: neither waits for the other any more, and they are not raised again."""
    desk = desk_of(connect(ctx.obj))
    first, second = desk.kept(one).customer.id, desk.kept(other).customer.id
    with told():
        try:
            desk.uses.suspecting.distinct(first, second, by=by, cause=desk.cause(by))
        except UnknownPairError as exc:
            raise CliError(str(exc), "see: crossdock customers duplicates") from exc
    _end(desk, first, second, "distinct", by, why, as_json=as_json)


def _ours(text: str) -> str:
    """Whom a merge joined is named by our ids: a system's id means the one that stays."""
    if ":" in text:
        raise CliError(f"'{text}' means the customer that stayed", "name both by our ids (CU…)")
    return text


def _end(desk: Desk, one: str, other: str, did: str, by: str, why: str, *, as_json: bool) -> None:
    """Keeps who decided and why, and closes what stands on the exceptions list of the pair."""
    desk.look(did, [one, other], by, why)
    store = store_of(desk.target)
    closed = store.close_all(list(_waiting(store, one, other)), by, f"{did}: {why}")
    if as_json:
        emit_json({"did": did, "one": one, "other": other, "exceptions_closed": closed})
        return
    said = f"{one} is a part of {other} now" if did == "merged" else f"{one} and {other} are two"
    console.print(f"{said}; exceptions closed: {closed}")


def _waiting(store: ExceptionsStore, one: str, other: str) -> Iterator[Occurrence]:
    """The open exceptions that name both."""
    subjects = {f"customer/{one}", f"customer/{other}"}
    for group in store.groups():
        if group.kind == POSSIBLE and group.subject in subjects:
            for fact in store.occurrences(group.id):
                if fact.state == OPEN and one in fact.detail and other in fact.detail:
                    yield fact
