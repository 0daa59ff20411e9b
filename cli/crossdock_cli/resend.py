"""`crossdock channels resend`: tells a channel everything it may see, once; for a new channel, or one that changed."""

from __future__ import annotations

import secrets as random
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.progress import Progress

from crossdock.exchange.dirty import Marks
from crossdock.platform.dynamo import from_item
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, errors
from crossdock_cli.target import Target, connect

EXAMPLE: Final = "Example: [bold]crossdock channels resend marketplace[/bold]"
KINDS: Final = ("availability", "price")
_PREFIX: Final = "C#item#"


def command(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The channel, as in the stage's business configuration.")],
    as_json: AsJson = False,
) -> None:
    """Mark every item dirty for a channel: what it does not hold as it is now is sent to it.

    For a channel that is new, or whose warehouses, buffer or currency changed. What it acknowledged and is still true
    is not sent again.
    """
    target = connect(ctx.obj)
    if name not in (known := target.secret_names("channels")):
        raise CliError(
            f"stage {target.stage} has no channel '{name}'",
            f"known here: {', '.join(known) or 'none'}; new ones are added in the stage's file under config/",
        )
    correlation_id = f"resend-{random.token_hex(8)}"
    items = mark_everything(target, name, correlation_id)
    if as_json:
        emit_json({"channel": name, "items": items, "correlation_id": correlation_id})
        return
    console.print(f"{items} items are marked for {escape(name)}; how it goes: crossdock trace {correlation_id}")


def mark_everything(target: Target, channel: str, correlation_id: str) -> int:
    """Puts marks for every known item on a channel's queue; gives back how many items there are."""
    marks = Marks(channel)
    items = 0
    for sku in sorted(_items(target)):
        items += 1
        for kind in KINDS:
            marks.mark(kind, sku, [correlation_id])
    bodies = marks.messages()
    url = target.queue_url(f"channel-{channel}")
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        for body in bar.track(bodies, description="marking"):
            target.sqs.send_message(QueueUrl=url, MessageBody=body)
    return items


def _items(target: Target) -> set[str]:
    """Every item that a cross-reference names. Reads the identity table, which is small beside the others."""
    pages = target.dynamodb.get_paginator("scan").paginate(
        TableName=target.name("identity"),
        ProjectionExpression="pk",
        FilterExpression="begins_with(pk, :prefix)",
        ExpressionAttributeValues={":prefix": {"S": _PREFIX}},
    )
    return {str(from_item(raw)["pk"]).removeprefix(_PREFIX) for page in pages for raw in page["Items"]}
