"""`crossdock ownership check`: every problem of a configuration file, before it is deployed."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - Typer reads the annotation when it runs
from typing import Annotated

import typer

from crossdock.config.compile import ConfigError, compile_file
from crossdock_cli.errors import EXIT_FAILED
from crossdock_cli.output import AsJson, console, emit_json


def command(
    file: Annotated[Path, typer.Argument(help="A configuration file (TOML), such as config/distributor.toml.")],
    as_json: AsJson = False,
) -> None:
    """Say everything that is wrong in a configuration file: unknown owners, two owners, attributes nobody owns.

    Exit code 0: it can be deployed; 1: it cannot.
    """
    problems: list[str] = []
    version = None
    try:
        ownership = compile_file(file).get("ownership")
        version = ownership["version"] if ownership else None
    except ConfigError as exc:
        # The first line of several names the file only.
        lines = str(exc).splitlines()
        problems = [line.strip() for line in (lines[1:] or lines)]
    except (OSError, UnicodeDecodeError) as exc:
        problems = [f"{file}: it cannot be read: {exc}"]
    if as_json:
        emit_json({"file": str(file), "version": version, "problems": problems})
    else:
        for problem in problems:
            console.print(problem, markup=False)
        if not problems:
            said = f"ownership version {version}" if version else "no [ownership]: nobody owns anything"
            console.print(f"{file} can be deployed; {said}", markup=False)
    if problems:
        raise typer.Exit(EXIT_FAILED)
