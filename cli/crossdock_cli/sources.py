"""`crossdock sources add`, `list`, `rotate`, `api`, `test`: letting a system send us webhooks, and trying if it can.

A source is a table of the business configuration, deployed with the code, and a secret of its own that is not: `add`
writes the first and, once that is deployed, the second. Rotation without a gap, by any of several secrets fitting:
  1. rotate            we accept the new secret and the previous one
  2. the source signs with the new one
  3. rotate --drop-old  only the new one is left
"""

from __future__ import annotations

import secrets as random
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from crossdock.exchange.answers import RULES
from crossdock.exchange.schemes import SCHEMES, Form
from crossdock.platform.clock import system_clock
from crossdock.platform.errors import NotConfiguredError
from crossdock.platform.outbound import Http
from crossdock_cli import completing, secrets, source_apis, source_files, source_trials
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json, table
from crossdock_cli.target import LOCAL, Target, connect

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

_SECRET_BYTES: Final = 32
Name = Annotated[
    str, typer.Argument(autocompletion=completing.sources, help="The source, as in the stage's business configuration.")
]
File = Annotated[
    str, typer.Option("--file", metavar="FILE", help="The configuration, if not the stage's own under config/.")
]
Given = Annotated[
    str, typer.Option("--secret", help="The vendor's secret, where the vendor makes it; otherwise one is made.")
]


def add_to(app: typer.Typer) -> None:
    """Registers the commands."""
    app.command("add", epilog="Example: [bold]crossdock --stage dev sources add shop --scheme shopify[/bold]")(add)
    app.command("list", epilog="Example: [bold]crossdock sources list[/bold]")(list_sources)
    app.command("rotate", epilog="Example: [bold]crossdock --stage dev sources rotate wms[/bold]")(rotate)
    app.command("api", epilog=source_apis.EXAMPLE)(source_apis.set_api)
    app.command("test", epilog="Example: [bold]crossdock sources test wms[/bold]")(try_out)


def add(
    ctx: typer.Context,
    name: Annotated[str, typer.Argument(help="What the source shall be called: small letters, digits, _.")],
    scheme: Annotated[str, typer.Option(help=f"How it signs: {', '.join(SCHEMES)}.")] = "standard-webhooks",
    connector: Annotated[
        str, typer.Option(help="What translates its payloads; found by the scheme if it can be.")
    ] = "",
    secret: Given = "",
    hmac: Annotated[
        str, typer.Option(metavar="FILE", help="For generic-hmac: TOML that describes the signature.")
    ] = "",
    file: File = "",
    as_json: AsJson = False,
) -> None:
    """Add a source: to the stage's configuration, and its secret once that is deployed. Doing it again is safe."""
    _check_scheme(scheme)
    if secret:
        _check_secret(scheme, secret)
    path = source_files.path_of(ctx.obj, file)
    added = source_files.add(path, name, scheme, connector, hmac)
    target = _deployed(ctx.obj, name)
    made = _first_secret(target, source_files.source_of(path, name), name, secret) if target else None
    rules = RULES[scheme]
    steps = [*source_apis.still_needed(path, name, target), *_next(ctx.obj, name, target, scheme, made)]
    document = {
        "name": name,
        "scheme": scheme,
        "file": str(path),
        "added": added,
        "deployed": target is not None,
        "url": f"{target.api_url}/webhooks/{name}" if target else None,
        "signing_secret": made,
        "next": steps,
        "vendor": {"within_s": rules.within_s, "again": rules.again, "stops": rules.stops},
    }
    if as_json:
        emit_json(document)
        return
    where = "was added to" if added else "stands already in"
    console.print(f"source {escape(name)} ({scheme}) {where} {escape(str(path))}")
    if document["url"]:
        console.print(f"its webhooks go to {escape(str(document['url']))}")
    if made:
        console.print("they are signed with (give it to the system that signs):")
        console.print(made, markup=False)
    for step in steps:
        console.print(f"[bold]next[/bold]  {escape(step)}")
    console.print(f"[dim]It waits {rules.within_s:g} s for an answer. Tries again: {escape(rules.again)}.[/dim]")
    for caution in SCHEMES[scheme].cautions:
        console.print(f"[dim]note: {escape(caution)}[/dim]")


def list_sources(ctx: typer.Context, file: File = "", as_json: AsJson = False) -> None:
    """List the sources: how each signs, and how many signing secrets it may use now."""
    target = connect(ctx.obj)
    configured = source_files.sources_of(source_files.path_of(ctx.obj, file))
    found = [
        {
            "name": name,
            "scheme": configured.get(name, {}).get("scheme"),
            "connector": configured.get(name, {}).get("connector"),
            "signing_secrets": len(secrets.signing_secrets(target.secret_document("sources", name))),
        }
        for name in target.secret_names("sources")
    ]
    deployed = {one["name"] for one in found}
    found += [
        {"name": name, "scheme": s.get("scheme"), "connector": s.get("connector"), "signing_secrets": None}
        for name, s in configured.items()
        if name not in deployed
    ]
    if as_json:
        emit_json(found)
        return
    rows = ((s["name"], s["scheme"] or "?", s["connector"] or "?", s["signing_secrets"], _state(s)) for s in found)
    console.print(table(("source", "scheme", "connector", ">secrets", ""), rows))


def rotate(
    ctx: typer.Context,
    name: Name,
    drop_old: Annotated[
        bool, typer.Option("--drop-old", help="Finish a rotation: keep only the newest secret.")
    ] = False,
    secret: Given = "",
    file: File = "",
    as_json: AsJson = False,
) -> None:
    """Give a source a new signing secret; the previous one goes on working until it is dropped."""
    target = connect(ctx.obj)
    if drop_old:
        dropped = secrets.drop_old_secrets(target, name)
        if as_json:
            emit_json({"name": name, "dropped": dropped})
        else:
            console.print(f"source {escape(name)}: {dropped} old secret{'s' if dropped != 1 else ''} dropped")
        return
    path = source_files.path_of(ctx.obj, file)
    source = source_files.sources_of(path).get(name, {"scheme": source_files.scheme_of(path, name)})
    made, kept = secrets.rotate_source(target, name, _secret(source, secret))
    if as_json:
        emit_json({"name": name, "signing_secret": made, "previous_kept": kept})
        return
    if secret:
        console.print(f"source {escape(name)} is believed by the secret you gave")
    else:
        console.print(f"source {escape(name)} has a new signing secret; give it to the system that signs:")
        console.print(made, markup=False)
    if kept:
        console.print(
            f"[dim]The previous one still works. When it is unused: crossdock sources rotate {name} --drop-old[/dim]"
        )


def try_out(
    ctx: typer.Context,
    name: Name,
    file: File = "",
    as_json: AsJson = False,
) -> None:
    """Send deliveries to a source's own address: signed ones must be taken, others refused. Nothing of it is kept.

    Ends with 1 when one is answered otherwise.
    """
    target = connect(ctx.obj)
    source = source_files.source_of(source_files.path_of(ctx.obj, file), name)
    if name not in target.secret_names("sources"):
        raise CliError(f"source '{name}' is not deployed yet", f"deploy it: {_deploy(ctx.obj)}")
    active = secrets.signing_secrets(target.secret_document("sources", name))
    if not active:
        raise CliError(f"source '{name}' has no signing secret yet", f"make one: crossdock sources rotate {name}")
    http = Http(allow_plain=target.stage == LOCAL)
    try:
        trials = source_trials.run(http.post, f"{target.api_url}/webhooks/{name}", source, active, system_clock())
    except NotConfiguredError as exc:
        raise CliError(
            f"source '{name}': {exc}",
            f"crossdock sources rotate {name}, then crossdock sources rotate {name} --drop-old",
        ) from exc
    good = all(trial.good for trial in trials)
    if as_json:
        emit_json({"name": name, "good": good, "trials": [t.document() for t in trials]})
    else:
        rows = (
            ("[green]good[/green]" if t.good else "[red]bad[/red]", t.what, t.status or "-", t.said) for t in trials
        )
        console.print(table(("", "delivery", ">status", "answer"), rows))
    if not good:
        raise typer.Exit(1)


# -- secrets ------------------------------------------------------------------------------------


def _check_scheme(scheme: str) -> None:
    if scheme not in SCHEMES:
        raise CliError(f"there is no scheme '{scheme}'", f"the schemes are {', '.join(SCHEMES)}")


def _check_secret(scheme: str, secret: str, form: Form | None = None) -> None:
    """Raises CliError for one that nothing could be proven by: beside it no other secret would be heeded either."""
    try:
        source_trials.check_secret(scheme, secret, system_clock(), form)
    except NotConfiguredError as exc:
        remedy = f"give --secret as the vendor shows it: {SCHEMES[scheme].secret}"
        problem = str(exc).removesuffix(": rotate it").removesuffix(": set it again")
        raise CliError(f"--secret cannot be used: {problem}; nothing was set", remedy) from exc


def _secret(source: Mapping[str, Any], given: str) -> str:
    """The secret to be set. Raises CliError where the vendor makes it and it was not given, or it cannot be one."""
    scheme = str(source["scheme"])
    if given:
        _check_secret(scheme, given, source_trials.form_of(source))
        return given
    if not SCHEMES[scheme].given:
        raise CliError(f"a secret of {scheme} is made by the vendor: {SCHEMES[scheme].secret}", "give it with --secret")
    return (
        secrets.new_signing_secret() if scheme in {"standard-webhooks", "svix"} else random.token_urlsafe(_SECRET_BYTES)
    )


def _first_secret(target: Target, source: Mapping[str, Any], name: str, given: str) -> str | None:
    """Gives the source its secret unless it has one; the secret if it was made here."""
    scheme = str(source["scheme"])
    if not given and (secrets.signing_secrets(target.secret_document("sources", name)) or not SCHEMES[scheme].given):
        return None
    made, _ = secrets.rotate_source(target, name, _secret(source, given))
    return None if given else made


def _deployed(stage: str, name: str) -> Target | None:
    """The stage, if it runs and knows the source."""
    try:
        target = connect(stage)
    except CliError:
        return None
    return target if name in target.secret_names("sources") else None


def _next(stage: str, name: str, target: Target | None, scheme: str, made: str | None) -> list[str]:
    if target is None:
        again = f"crossdock --stage {stage} sources add {name} --scheme {scheme}"
        secret = "" if SCHEMES[scheme].given else " --secret …"
        return [_deploy(stage), f"{again}{secret}   (again: sets its secret and shows its address)"]
    if made is None and not secrets.signing_secrets(target.secret_document("sources", name)):
        return [f"crossdock --stage {stage} sources rotate {name} --secret …   ({SCHEMES[scheme].secret})"]
    return [f"crossdock --stage {stage} sources test {name}"]


def _deploy(stage: str) -> str:
    return "make local" if stage == LOCAL else f"make deploy STAGE={stage}"


def _state(source: dict[str, Any]) -> str:
    if source["signing_secrets"] is None:
        return "not deployed yet"
    return "" if source["signing_secrets"] else "no secret yet"


def ensure(target: Target, path: Path, name: str) -> None:
    """Gives a source its first secret if it has none and its vendor does not make it."""
    scheme = source_files.scheme_of(path, name)
    if SCHEMES[scheme].given and not secrets.signing_secrets(target.secret_document("sources", name)):
        secrets.rotate_source(target, name, _secret({"scheme": scheme}, ""))
