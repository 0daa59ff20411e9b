"""The next version: a copy of this tree with next.patch applied, synthesised as the tree itself is."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crossdock_cli.local.cdk import STAGE
from crossdock_cli.local.environment import cdk_environment
from crossdock_cli.local.paths import checkout
from crossdock_cli.local.state import ACCOUNT

if TYPE_CHECKING:
    from crossdock_cli.local.paths import Paths
    from crossdock_cli.local.state import LocalState

PATCH: Final = Path(__file__).with_name("next.patch")
_COPIED: Final = ("config", "functions", "infra", "layers")


class TreeError(RuntimeError):
    """The next version could not be made; the message says why and what to do."""


def next_tree(folder: Path) -> Path:
    """A copy of what is deployed of this tree, with the patch; the layers that were built of it are taken along."""
    root = checkout()
    shutil.rmtree(folder, ignore_errors=True)
    ignored = shutil.ignore_patterns("__pycache__")
    for name in _COPIED:
        shutil.copytree(root / name, folder / name, symlinks=True, ignore=ignored)
    for name in ("cdk.json", "pyproject.toml", "requirements.lock"):
        shutil.copy2(root / name, folder / name)
    built = root / ".build" / "layers"
    if built.is_dir():
        shutil.copytree(built, folder / ".build" / "layers", symlinks=True, copy_function=os.link)
    # Not `git apply` with an index: the copy is no repository, and lies in one.
    command = ["patch", "--strip=1", "--forward", "--no-backup-if-mismatch", "--silent", f"--input={PATCH}"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise TreeError(
            f"{PATCH.name} does not fit this tree any more:\n{done.stdout}{done.stderr}"
            "make it anew: apply it to a copy of the tree, mend what was refused, and keep `git diff -U1` of the copy"
        )
    return folder


def synthesise(tree: Path, paths: Paths, state: LocalState) -> Path:
    """Runs the tree's own CDK app for the local stage with aliases; gives back the assembly."""
    assembly = tree / "cdk.out"
    context = {**json.loads((tree / "cdk.json").read_text())["context"], "stage": STAGE, "aliases": "yes"}
    environment = {
        **cdk_environment(paths, state),
        # The tree's own code, before the one that is installed.
        "PYTHONPATH": os.pathsep.join(map(str, (tree, tree / "layers" / "crossdock" / "python"))),
        "CDK_OUTDIR": str(assembly),
        "CDK_CONTEXT_JSON": json.dumps(context),
        "CDK_DEFAULT_ACCOUNT": ACCOUNT,
        "CDK_DEFAULT_REGION": state.region,
    }
    command = [sys.executable, "-m", "infra.app"]
    done = subprocess.run(command, cwd=tree, env=environment, capture_output=True, text=True, check=False)  # noqa: S603
    if done.returncode:
        raise TreeError(f"the next version cannot be synthesised:\n{done.stderr.strip()}")
    return assembly
