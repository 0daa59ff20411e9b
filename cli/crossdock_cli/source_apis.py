"""`crossdock sources api`: where a source's own API is asked for what its thin notifications only name.

It stands in the source's secret beside what its webhooks are signed with: `{"signing_secrets": […], "api": {…}}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer
from rich.markup import escape

from crossdock.connectors import source_connector
from crossdock_cli import source_files
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json
from crossdock_cli.target import LOCAL, Target, connect

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE: Final = (
    "Example: [bold]crossdock --stage dev sources api store --url https://api.bigcommerce.com/stores/abc123 "
    "--token TOKEN[/bold]"
)


def set_api(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="The source, as in the stage's business configuration.")],
    url: Annotated[str, typer.Option(help="Where its API begins.")],
    token: Annotated[str, typer.Option(help="What proves us to it; a token that may only read is enough.")],
    as_json: AsJson = False,
) -> None:
    """Say where a source's API is, so that the latest state of what its webhooks name can be fetched."""
    target = connect(ctx.obj)
    source = source_files.sources_of(source_files.path_of(ctx.obj, "")).get(name, {})
    check_fetches(name, str(source.get("connector", "")))
    keep(target, name, url, token)
    if as_json:
        emit_json({"name": name, "url": url})
        return
    console.print(f"what {escape(name)} names is fetched from {escape(url)}, at the latest in a minute")


def check_fetches(name: str, connector: str) -> None:
    """Raises CliError where a source's webhooks say all, so that nothing would ever be asked for."""
    if connector and not hasattr(source_connector(connector), "fetch"):
        raise CliError(
            f"nothing is fetched from '{name}': webhooks of {connector} say all that is needed",
            "an API is of use to sources whose webhooks only name what changed (bigcommerce)",
        )


def keep(target: Target, name: str, url: str, token: str) -> None:
    """Writes it into the source's secret. Raises CliError for an address that is none, or a token of nothing."""
    allowed = {"https", "http"} if target.stage == LOCAL else {"https"}
    if urlsplit(url).scheme not in allowed or not urlsplit(url).hostname:
        raise CliError(f"--url: {url!r} is no address", "write it with https://, for example https://api.example.com")
    if not token.strip():
        raise CliError("--token: is empty", "give the token that the source's system made for us")
    document = target.secret_document("sources", name)
    target.write_secret_document("sources", name, {**document, "api": {"url": url, "token": token.strip()}})


def still_needed(path: Path, name: str, target: Target | None) -> list[str]:
    """What a new source's mapping cannot do without and has not got: code tables, and its API where it is asked."""
    connector = source_connector(str(source_files.source_of(path, name)["connector"]))
    tables = source_files.codes_of(path).get(name, {})
    steps = [
        f"add [codes.{name}.{kind}] with its owner to {path}: what its {kind} mean (docs/connectors.md)"
        for kind in connector.CODE_TABLES
        if kind not in tables
    ]
    if hasattr(connector, "fetch") and (target is None or "api" not in target.secret_document("sources", name)):
        steps.append(f"crossdock sources api {name} --url https://… --token …   (its webhooks only name what changed)")
    return steps
