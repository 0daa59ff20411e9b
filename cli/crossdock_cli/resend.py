"""`crossdock channels resend`: tells a channel everything it may see, once; for a new channel, or one that changed."""

from __future__ import annotations

import secrets as random
from typing import Annotated, Final

import typer
from rich.markup import escape
from rich.progress import Progress

from crossdock.contracts.deliveries import EVENT_TYPES
from crossdock.contracts.price_keys import LIST, price_key
from crossdock.exchange.dirty import Marks
from crossdock.platform.dynamo import from_item
from crossdock_cli import completing
from crossdock_cli.errors import CliError
from crossdock_cli.exceptions.machinery import business_of
from crossdock_cli.output import AsJson, console, emit_json, errors
from crossdock_cli.target import Target, connect

EXAMPLE: Final = "Example: [bold]crossdock channels resend marketplace[/bold]"
_ITEM: Final = "C#item#"
_CUSTOMER: Final = "C#customer#"


def command(
    ctx: typer.Context,
    name: Annotated[
        str,
        typer.Argument(
            autocompletion=completing.channels, help="The channel, as in the stage's business configuration."
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Mark everything dirty that a channel hears of: what it does not hold as it is now is sent to it.

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
    console.print(
        f"{items} items and customers are marked for {escape(name)}; how it goes: crossdock trace {correlation_id}"
    )


def mark_everything(target: Target, channel: str, correlation_id: str) -> int:
    """Puts marks for all that a channel hears of on its queue; gives back of how many items and customers."""
    found = business_of(target).channels.get(channel)
    kinds = found.publishes if found else EVENT_TYPES
    classes = found.price_classes if found else (LIST,)
    marks = Marks(channel)
    things = _things(target)
    skus = sorted(things[_ITEM]) if {"availability", "price"} & set(kinds) else []
    customers = sorted(things[_CUSTOMER]) if "customer" in kinds else []
    for sku in skus:
        if "availability" in kinds:
            marks.mark("availability", sku, [correlation_id])
        for price_class in classes if "price" in kinds else ():
            marks.mark("price", price_key(price_class, sku), [correlation_id])
    for customer in customers:
        marks.mark("customer", customer, [correlation_id])
    bodies = marks.messages()
    url = target.queue_url(f"channel-{channel}")
    with Progress(console=errors, transient=True, disable=not errors.is_terminal) as bar:
        for body in bar.track(bodies, description="marking"):
            target.sqs.send_message(QueueUrl=url, MessageBody=body)
    return len(skus) + len(customers)


def _things(target: Target) -> dict[str, set[str]]:
    """Every item that a cross-reference names, every customer. Reads the identity table, which is rather small."""
    pages = target.dynamodb.get_paginator("scan").paginate(
        TableName=target.name("identity"),
        ProjectionExpression="pk",
        FilterExpression="begins_with(pk, :item) OR begins_with(pk, :customer)",
        ExpressionAttributeValues={":item": {"S": _ITEM}, ":customer": {"S": _CUSTOMER}},
    )
    found: dict[str, set[str]] = {_ITEM: set(), _CUSTOMER: set()}
    for page in pages:
        for raw in page["Items"]:
            pk = str(from_item(raw)["pk"])
            prefix = _ITEM if pk.startswith(_ITEM) else _CUSTOMER
            found[prefix].add(pk.removeprefix(prefix))
    return found
