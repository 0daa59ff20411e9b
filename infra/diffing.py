"""`make diff`: what a deployment of this tree would change in a stage, against another commit; no credentials.

Both trees are synthesised, the other one from a copy of its commit, with its own code. The CDK's command line shows
the differences stack by stack; what holds data is judged here (`infra/retained.py`): exit code 1 when some of it would
be replaced, dropped, or is new and not pinned.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from infra.retained import Finding, compare, holding, pinned, read_templates
from infra.stages import ROOT, STAGES

CDK: Final = ROOT / "node_modules" / ".bin" / "cdk"
_UPSTREAM: Final = ("origin/HEAD", "origin/main", "origin/master")


class DiffError(RuntimeError):
    """The trees cannot be compared; the message says why and what to do."""


def base_of(ref: str | None) -> str:
    """The commit to compare with: the given one, or where this branch left the main one, or the commit before."""
    if ref:
        return _git("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}", why=f"there is no commit '{ref}'")
    for upstream in _UPSTREAM:
        found = _run(["git", "merge-base", "HEAD", upstream])
        if found.returncode == 0:
            return found.stdout.strip()
    return _git("rev-parse", "--verify", "--quiet", "HEAD~1^{commit}", why="there is no commit before this one")


def synthesised(tree: Path, stage: str, into: Path) -> dict[str, dict[str, Any]]:
    """The templates of a stage by the code of a tree. Raises DiffError with what the app said."""
    context = json.loads((tree / "cdk.json").read_text(encoding="utf-8"))["context"]
    environment = {
        **os.environ,
        # The tree's own code, before the one that is installed.
        "PYTHONPATH": os.pathsep.join(map(str, (tree, tree / "layers" / "crossdock" / "python"))),
        "CDK_OUTDIR": str(into),
        "CDK_CONTEXT_JSON": json.dumps({**context, "stage": stage}),
        "CDK_VALIDATION": "false",
    }
    done = _run([sys.executable, "-m", "infra.app"], folder=tree, environment=environment)
    if done.returncode:
        raise DiffError(f"{tree} cannot be synthesised:\n{done.stderr.strip()}")
    return read_templates(into)


def checked_out(commit: str, folder: Path) -> Path:
    """The files of a commit in a folder of their own, with the layers that are built here already."""
    archive = folder / "tree.tar"
    _git("archive", "--format=tar", f"--output={archive}", commit, why=f"{commit} cannot be read")
    tree = folder / "tree"
    with tarfile.open(archive) as files:
        files.extractall(tree, filter="data")
    built = ROOT / ".build" / "layers"
    if built.is_dir():
        shutil.copytree(built, tree / ".build" / "layers", symlinks=True)
    return tree


def judged(before: Mapping[str, Mapping[str, Any]], now: Mapping[str, Mapping[str, Any]], stage: str) -> list[Finding]:
    """What would become of what holds data; against the other commit, and against the pins where the stage is prod.

    What is new against the other commit is no finding: it is one when it is not pinned.
    """
    found = holding(now, stage)
    changed = [f for f in compare(holding(before, stage), found) if f.what != "new"]
    known = {(f.what, f.place) for f in changed}
    unpinned = compare(pinned(), found) if stage == "prod" else []
    return changed + [f for f in unpinned if (f.what, f.place) not in known]


def main(arguments: Sequence[str]) -> int:
    """Exit code 0: nothing that holds data is touched. 1: some would be. 2: the trees cannot be compared."""
    parser = argparse.ArgumentParser(prog="make diff", description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--base", default=None, help="the commit to compare with (default: where this branch began)")
    parser.add_argument("--stage", default="prod", choices=sorted(STAGES), help="the stage (default: prod)")
    parser.add_argument("--quiet", action="store_true", help="judge what holds data only, without showing the rest")
    asked = parser.parse_args(arguments)
    try:
        commit = base_of(asked.base)
        with tempfile.TemporaryDirectory(prefix="crossdock-diff-") as folder:
            place = Path(folder)
            before = synthesised(checked_out(commit, place), asked.stage, place / "before")
            now = synthesised(ROOT, asked.stage, place / "now")
            sys.stdout.write(f"stage {asked.stage}, this tree against {commit[:10]}\n")
            if not asked.quiet:
                _show(place, sorted(now))
    except DiffError as problem:
        sys.stderr.write(f"crossdock: {problem}\n")
        return 2
    findings = judged(before, now, asked.stage)
    for finding in findings:
        sys.stderr.write(f"{finding}\n")
    held = len(holding(now, asked.stage))
    sys.stdout.write(
        f"{held} resources hold data; {len(findings) or 'none'} would be replaced, dropped or are unpinned\n"
    )
    return 1 if findings else 0


def _show(place: Path, stacks: Sequence[str]) -> None:
    """The CDK's own view of each stack; a stack that is new is compared with an empty one."""
    empty = place / "empty.json"
    empty.write_text('{"Resources": {}}', encoding="utf-8")
    for stack in stacks:
        template = place / "before" / f"{stack}.template.json"
        command = [str(CDK), "diff", stack, "--exclusively", "--app", str(place / "now"), "--no-notices"]
        done = _run([*command, "--template", str(template if template.exists() else empty)])
        # With --template it says so with 0, and with anything else that it could not.
        if done.returncode not in {0, 1}:
            raise DiffError(f"the CDK's command line failed:\n{done.stderr.strip()}")
        sys.stdout.write(done.stdout + done.stderr)


def _git(*arguments: str, why: str) -> str:
    done = _run(["git", *arguments])
    if done.returncode:
        raise DiffError(f"{why}: name one that there is: make diff BASE=<commit>")
    return done.stdout.strip()


def _run(
    command: Sequence[str], *, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own arguments
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
