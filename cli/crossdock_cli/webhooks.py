"""`crossdock webhooks verify`: whether a delivery would be accepted, and if not, why; offline, from files.

Reads files only: no AWS, no credentials, and the same verifiers as the deployed system.
"""

from __future__ import annotations

import json
import re
import tomllib
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final

import typer
from rich.markup import escape

from crossdock.config.signing import read_form
from crossdock.exchange.schemes import SCHEMES, Accepted, Answer, Form, Incoming, SignatureRefusedError, Trust
from crossdock.exchange.schemes.diagnosis import hints
from crossdock.platform.clock import system_clock, to_text
from crossdock.platform.errors import NotConfiguredError
from crossdock_cli.errors import CliError
from crossdock_cli.output import AsJson, console, emit_json

if TYPE_CHECKING:
    from collections.abc import Sequence

app = typer.Typer(help="Webhooks that come in: find out why one is refused.", no_args_is_help=True)

EXIT_REFUSED: Final = 1
EXIT_INPUT: Final = 2
_DIGITS: Final = 11
# A recorded request may begin with it: POST /webhooks/shop HTTP/1.1
_REQUEST_LINE: Final = re.compile(r"[A-Z]+ \S+ HTTP/[0-9.]+")
_NOTHING_FITS: Final = (
    "nothing that was tried makes it fit: most likely it was signed with another secret, or the body is not the one "
    "that was sent"
)
EXAMPLE: Final = (
    "Example: [bold]crossdock webhooks verify --scheme shopify --secret shpss_… "
    "--headers headers.txt --body body.json[/bold]"
)


class InputError(CliError):
    """A file or value that cannot be used: exit code 2, as for a wrong option."""

    exit_code = EXIT_INPUT


@app.callback()
def _webhooks() -> None:
    """Webhooks that come in: find out why one is refused."""


@app.command("verify", epilog=EXAMPLE)
def verify_command(
    scheme: Annotated[str, typer.Option(help=f"How the vendor signs: {', '.join(SCHEMES)}.")],
    secret: Annotated[
        list[str], typer.Option(help="The secret as the vendor shows it; repeat it while two are active.")
    ],
    headers: Annotated[str, typer.Option(metavar="FILE", help="The headers: lines 'Name: value', or a JSON object.")],
    body: Annotated[str, typer.Option(metavar="FILE", help="The body, byte by byte as it was received.")],
    url: Annotated[str, typer.Option(help="The full address that was called; HubSpot v2 and v3 sign it.")] = "",
    method: Annotated[str, typer.Option(help="The HTTP method.")] = "POST",
    now: Annotated[
        str, typer.Option(metavar="TIME", help="Judge as of then: RFC 3339, or seconds since 1970. Default: now.")
    ] = "",
    tolerance: Annotated[int, typer.Option(min=0, help="Seconds that a timestamp may be off.")] = 300,
    form: Annotated[
        str,
        typer.Option(
            "--hmac", metavar="FILE", help="For generic-hmac: a TOML file with what stands under \\[sources.x.hmac]."
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Say whether a recorded delivery is accepted or refused, and why its signature does not fit. Nothing is sent.

    Ends with 0 when it is accepted (or answered, as a handshake is), 1 when it is refused, 2 when a file or an option
    cannot be used.
    """
    chosen = SCHEMES.get(scheme)
    if chosen is None:
        raise InputError(f"--scheme: {scheme!r} is none that we know", f"the schemes are {', '.join(SCHEMES)}")
    if chosen.signs_url and not url:
        raise InputError(f"--url: {scheme} signs the address", "give --url with the full address that was called")
    incoming = Incoming.of(method, url, _headers(headers), _bytes(body, "--body"))
    trust = Trust(secret, _instant(now), tolerance, _form(scheme, form))
    document = judged(scheme, incoming, trust)
    if as_json:
        emit_json(document)
    else:
        _print(document, chosen.cautions)
    if document["verdict"] == "refused":
        raise typer.Exit(EXIT_REFUSED)


def judged(scheme: str, incoming: Incoming, trust: Trust) -> dict[str, Any]:
    """The verdict (accepted, answered, refused) as a document."""
    try:
        found = SCHEMES[scheme].judge(incoming, trust)
    except SignatureRefusedError as exc:
        reason = {"field": exc.field, "problem": exc.problem, "remedy": exc.remedy}
        seen = hints(scheme, incoming, trust) if SCHEMES[scheme].forms or trust.form else []
        if not seen and exc.misfit and SCHEMES[scheme].forms:
            seen = [_NOTHING_FITS]
        return {"verdict": "refused", "accepted": False, "scheme": scheme, "reason": reason, "hints": seen}
    except NotConfiguredError as exc:
        written = SCHEMES[scheme].secret
        reason = {"field": "secret", "problem": str(exc).partition(":")[0], "remedy": f"the secret is {written}"}
        return {"verdict": "refused", "accepted": False, "scheme": scheme, "reason": reason, "hints": []}
    if isinstance(found, Answer):
        answer = {"status": found.status, "content_type": found.content_type, "body": found.body}
        return {"verdict": "answered", "accepted": True, "scheme": scheme, "why": found.why, "answer": answer}
    return {"verdict": "accepted", "accepted": True, "scheme": scheme, **_accepted(found)}


def _accepted(found: Accepted) -> dict[str, Any]:
    return {
        "delivery_id": found.delivery_id,
        "event_type": found.event_type,
        "sent_at": to_text(found.sent_at) if found.sent_at else None,
        "expires_at": to_text(found.expires_at) if found.expires_at else None,
    }


def _print(document: dict[str, Any], cautions: Sequence[str]) -> None:
    match document["verdict"]:
        case "accepted":
            console.print(f"[bold green]accepted[/bold green]  delivery {escape(document['delivery_id'])}")
            for name in ("event_type", "sent_at", "expires_at"):
                if document[name]:
                    console.print(f"  {name.replace('_', ' ')}: {escape(document[name])}")
            for caution in cautions:
                console.print(f"  [dim]note: {escape(caution)}[/dim]")
        case "answered":
            answer = document["answer"]
            console.print(f"[bold green]answered[/bold green]  {escape(document['why'])}: {answer['status']}")
            if answer["body"]:
                console.print(f"  {escape(answer['body'])}")
        case _:
            reason = document["reason"]
            console.print(f"[bold red]refused[/bold red]  {escape(reason['field'])}: {escape(reason['problem'])}")
            console.print(f"  {escape(reason['remedy'])}")
            for hint in document["hints"]:
                console.print(f"  hint: {escape(hint)}")


# -- reading what was recorded ------------------------------------------------------------------


def _headers(path: str) -> list[tuple[str, str]]:
    text = _bytes(path, "--headers").decode("utf-8", "replace").removeprefix("\ufeff")
    if text.lstrip().startswith("{"):
        return _headers_of_json(text)
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or (number == 1 and _REQUEST_LINE.fullmatch(line)):
            continue
        name, colon, value = line.partition(":")
        if not colon or not name.strip() or " " in name.strip():
            raise InputError(f"--headers: line {number} is no header", "write one to a line: Name: value")
        found.append((name.strip(), value.strip()))
    return found


def _headers_of_json(text: str) -> list[tuple[str, str]]:
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as exc:
        raise InputError(f"--headers: not a JSON object: {exc}", 'write {"Name": "value", …}') from exc
    found = []
    for name, value in document.items():
        values = value if isinstance(value, list) else [value]
        if not all(isinstance(v, str | int) and not isinstance(v, bool) for v in values):
            raise InputError(f"--headers: {name} is no text", "write a text, or a list of texts when it came twice")
        found += [(name, str(v)) for v in values]
    return found


def _bytes(path: str, option: str) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as exc:
        raise InputError(f"{option}: {path}: {exc.strerror}", "name a file that can be read") from exc


def _instant(text: str) -> datetime:
    if not text:
        return system_clock()
    try:
        if text.isascii() and text.isdecimal() and len(text) <= _DIGITS:
            return datetime.fromtimestamp(int(text), UTC)
        found = datetime.fromisoformat(text)
    except (ValueError, OverflowError) as exc:
        raise InputError(f"--now: {text!r} is no time", "write 2026-11-21T08:00:00Z, or seconds since 1970") from exc
    if found.tzinfo is None:
        raise InputError(f"--now: {text!r} names no offset from UTC", "write 2026-11-21T08:00:00Z")
    return found.astimezone(UTC)


def _form(scheme: str, path: str) -> Form | None:
    if scheme != "generic-hmac":
        return None
    if not path:
        raise InputError("--hmac: generic-hmac is described by a file", "give --hmac FILE with its header and content")
    try:
        return Form(**read_form(tomllib.loads(_bytes(path, "--hmac").decode("utf-8"))))
    except ValueError as exc:  # TOMLDecodeError and UnicodeDecodeError are ones
        raise InputError(f"--hmac: {path}: {exc}", "write what stands under [sources.x.hmac], header at least") from exc
