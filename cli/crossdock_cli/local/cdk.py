"""The real deployment: `cdk bootstrap` and `cdk deploy --all`, pointed at the engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections import deque
from typing import TYPE_CHECKING, Final

from crossdock_cli.errors import CliError
from crossdock_cli.local import process
from crossdock_cli.local.environment import cdk_environment
from crossdock_cli.local.state import ACCOUNT
from crossdock_cli.target import local_target

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from crossdock_cli.local.interrupt import Interrupts
    from crossdock_cli.local.paths import Paths
    from crossdock_cli.local.state import LocalState

STAGE: Final = "local"
_NODE_MAJOR: Final = 20
_TOOLKIT: Final = "CDKToolkit"
_DEPLOYING: Final = re.compile(r"^(\S+): deploying\.\.\. \[(\d+/\d+)\]")
_SHOWN_LINES: Final = 25
# Lines about resources that are doing well; what is left of a failed run says why it failed.
_UNEVENTFUL: Final = re.compile(r"\| (CREATE|UPDATE|DELETE)_(IN_PROGRESS|COMPLETE)\s|^\s*$")


def check_tools(paths: Paths) -> None:
    """Node and the pinned CDK command line are there. Raises CliError that says how to get them."""
    node = shutil.which("node")
    if node is None:
        raise CliError(
            "Node.js was not found; the CDK command line runs on it",
            f"install Node.js {_NODE_MAJOR} or newer and see that `node` is on the PATH",
        )
    answer = subprocess.run([node, "--version"], capture_output=True, text=True, check=False)  # noqa: S603
    found = re.match(r"v(\d+)\.", answer.stdout)
    if found is None or int(found[1]) < _NODE_MAJOR:
        raise CliError(
            f"Node.js {_NODE_MAJOR} or newer is needed; {node} is {answer.stdout.strip() or 'not usable'}",
            "install a newer Node.js",
        )
    if not paths.cdk.exists():
        raise CliError("the CDK command line is not installed (node_modules/.bin/cdk)", "install it: make install")


def bootstrapped(state: LocalState) -> bool:
    """Whether this engine has been prepared for CDK deployments already."""
    stacks = local_target(state).cloudformation.describe_stacks()["Stacks"]
    return any(stack["StackName"] == _TOOLKIT and stack["StackStatus"] == "CREATE_COMPLETE" for stack in stacks)


def bootstrap(paths: Paths, state: LocalState, interrupts: Interrupts) -> None:
    """Creates the bucket and the roles that CDK deployments use."""
    command = ["bootstrap", f"aws://{ACCOUNT}/{state.region}", "--app", ""]
    _run(paths, state, interrupts, command, "cdk bootstrap failed")


def deploy(
    paths: Paths, state: LocalState, interrupts: Interrupts, show: Callable[[str], None], *, aliases: bool = False
) -> None:
    """Synthesises the app for stage local and deploys every stack; `show` hears which one.

    With `aliases`, callers reach published versions, as in the cloud, and can be turned back.
    """
    options = ["--all", "--require-approval", "never", "--method", "direct", "--progress", "events"]
    placed = ["--context", f"stage={STAGE}", "--output", str(paths.assembly)]
    if aliases:
        placed += ["--context", "aliases=yes"]
    show("synthesising")

    def watch(line: str) -> None:
        if found := _DEPLOYING.match(line):
            show(f"{found[1]} {found[2]}")

    _run(paths, state, interrupts, ["deploy", *options, *placed], "cdk deploy failed", watch)


def synthesise(paths: Paths, state: LocalState, interrupts: Interrupts, *, aliases: bool = False) -> Path:
    """Runs the app as the CDK command line would, without starting Node's command line. Returns the assembly."""
    settings = json.loads((paths.root / "cdk.json").read_text())
    asked = {"stage": STAGE, **({"aliases": "yes"} if aliases else {})}
    environment = {
        **cdk_environment(paths, state),
        "CDK_OUTDIR": str(paths.assembly),
        "CDK_CONTEXT_JSON": json.dumps({**settings.get("context", {}), **asked}),
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": state.region,
    }
    shutil.rmtree(paths.assembly, ignore_errors=True)
    _execute(paths, interrupts, ["/bin/sh", "-c", settings["app"]], environment, "the CDK app failed")
    return paths.assembly


def _run(
    paths: Paths,
    state: LocalState,
    interrupts: Interrupts,
    arguments: Sequence[str],
    failure: str,
    watch: Callable[[str], None] | None = None,
) -> None:
    command = [str(paths.cdk), *arguments, "--ci", "--no-notices", "--no-color"]
    _execute(paths, interrupts, command, cdk_environment(paths, state), failure, watch)


def _execute(
    paths: Paths,
    interrupts: Interrupts,
    command: Sequence[str],
    environment: dict[str, str],
    failure: str,
    watch: Callable[[str], None] | None = None,
) -> None:
    """Runs to the end, copying what it says into the deploy log. An interrupt ends its whole process group."""
    said: deque[str] = deque(maxlen=_SHOWN_LINES)
    child: subprocess.Popen[str] | None = None
    with paths.deploy_log.open("a") as log:
        log.write(f"$ {' '.join(command)}\n")
        log.flush()
        try:
            with interrupts.held():
                child = process.spawn(command, environment=environment, folder=paths.root, output=subprocess.PIPE)
            for line in child.stdout or ():
                log.write(line)
                log.flush()
                if not _UNEVENTFUL.search(line):
                    said.append(f"  {line.rstrip()}")
                if watch is not None:
                    watch(line)
            status = child.wait()
        except BaseException:
            with interrupts.ignored():
                if child is not None:
                    process.end_group(child)
            raise
    if status != os.EX_OK:
        raise CliError("\n".join((f"{failure}:", *said)), f"the whole of it: {paths.deploy_log}")
