"""The command as a whole: exit codes, one line and a remedy, help with examples."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
import typer
from botocore.exceptions import ClientError, EndpointConnectionError, NoCredentialsError, NoRegionError

from crossdock_cli.errors import from_aws
from crossdock_cli.local.paths import LOCAL_DIR_VARIABLE
from crossdock_cli.main import app

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit


def crossdock(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "from crossdock_cli.main import run; run()"
    environment = {**os.environ, LOCAL_DIR_VARIABLE: str(home), "AWS_PROFILE": "no-such-profile", "COLUMNS": "200"}
    return subprocess.run(  # noqa: S603
        [sys.executable, "-c", program, *arguments], env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    ("arguments", "code", "message"),
    [
        (["local", "status"], 1, "the local engine is not up"),
        (["partners", "list"], 1, "the local engine is not up"),
        (["trace", "c-1"], 1, "the local engine is not up"),
        (["--stage", "dev", "partners", "list"], 1, "no usable AWS credentials"),
        (["--stage", "No Stage", "partners", "list"], 2, "is not a stage name"),
        (["nonsense"], 2, "No such command"),
        (["partners", "add", "acme"], 2, "Missing option"),
        (["xref", "add", "wms", "", "A"], 1, "code: String should match pattern"),
        (["xref", "add", "wms", "a", "A#B"], 1, "sku: String should match pattern"),
        (["xref", "add", "W M S", "a", "A"], 1, "system: String should match pattern"),
        (["demo", "--json", "/no/such/folder/figures.json"], 1, "--json /no/such/folder/figures.json cannot be"),
        (["demo", "--ledger", "/no/such.csv"], 1, "the ledger /no/such.csv cannot be read"),
    ],
)
def test_failures_are_one_line_with_a_code_and_never_a_stack_trace(
    tmp_path: Path, arguments: list[str], code: int, message: str
) -> None:
    answer = crossdock(tmp_path, *arguments)

    assert answer.returncode == code
    assert message in answer.stderr
    assert "Traceback" not in answer.stderr
    assert answer.stdout == ""


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is always full")  # noqa: PTH110
def test_a_full_device_is_said_in_one_line() -> None:
    command = [sys.executable, "-c", "from crossdock_cli.main import run; run()", "price", "quote", "--help"]
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device, not a file of ours
        answer = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)  # noqa: S603

    assert answer.returncode == 1
    assert answer.stderr.splitlines()[0] == b"crossdock: no space is left where the output goes"


def test_status_as_json_says_down_and_fails(tmp_path: Path) -> None:
    answer = crossdock(tmp_path, "local", "status", "--json")

    assert (answer.returncode, answer.stdout) == (1, '{\n  "up": false\n}\n')


def commands(group: Any, path: tuple[str, ...] = ()) -> list[tuple[str, Any]]:
    found = []
    for name, command in group.commands.items():
        below = getattr(command, "commands", None)
        found += commands(command, (*path, name)) if below else [(" ".join((*path, name)), command)]
    return found


@pytest.mark.parametrize(("path", "command"), commands(typer.main.get_command(app)))
def test_every_command_says_what_it_does_and_shows_an_example(path: str, command: Any) -> None:
    assert command.help, path
    assert "crossdock" in (command.epilog or ""), path
    assert path.rpartition(" ")[2] in command.epilog, path


@pytest.mark.parametrize(
    ("error", "message"),
    [
        (
            ClientError({"Error": {"Code": "ResourceNotFoundException", "Message": "no table"}}, "GetItem"),
            "GetItem failed: ResourceNotFoundException: no table",
        ),
        (NoCredentialsError(), "no usable AWS credentials: Unable to locate credentials"),
        (NoRegionError(), "no AWS region is set"),
        (EndpointConnectionError(endpoint_url="http://x"), "AWS does not answer"),
    ],
)
def test_failed_aws_calls_become_a_sentence_with_a_remedy(error: Any, message: str) -> None:
    translated = from_aws(error)

    assert translated.message.startswith(message)
    assert translated.remedy
