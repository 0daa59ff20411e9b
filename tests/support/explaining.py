"""`crossdock price explain` against a `World`: its function is called as the SDK would, through JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from typer.testing import CliRunner

from crossdock_cli import main, price_explain
from crossdock_cli.errors import CliError
from crossdock_cli.price_files import importing
from tests.support.world import Context, World

if TYPE_CHECKING:
    import pytest
    from click.testing import Result


def connected(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets the command reach the functions of this world."""

    def invoke(_: object, event: dict[str, Any], function: str) -> dict[str, Any]:
        answer = json.loads(json.dumps(world.call(function, json.loads(json.dumps(event)), Context())))
        if refused := answer.get("refused"):
            raise CliError(refused["detail"], refused["errors"][0]["remedy"])
        return dict(answer)

    monkeypatch.setattr(price_explain, "connect", lambda _: world.target)
    monkeypatch.setattr(importing, "invoke", invoke)


def run(*arguments: str, code: int = 0) -> Result:
    """The command's output; it has to end with `code`."""
    done = CliRunner().invoke(main.app, ["price", "explain", *arguments])
    if isinstance(done.exception, CliError):
        raise done.exception
    assert done.exit_code == code, done.output
    return done


def explained(*arguments: str, code: int = 0) -> dict[str, Any]:
    """Its document."""
    document = json.loads(run(*arguments, "--json", code=code).stdout)
    assert isinstance(document, dict)
    return document


def usage(*arguments: str) -> str:
    """What is said of a command that was used wrongly, without the box around it."""
    return " ".join(run(*arguments, code=2).output.replace("│", " ").split())
