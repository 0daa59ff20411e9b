"""`python -m tests.support.witnesses [FILE …]`: runs the handlers' tests and writes down which test makes which call.

With files, only these are run and what they add is added. Without, all of them (some ten minutes), and what nobody was
heard calling any more goes from the list.
The list stays as it is where its witnesses still stand: a change of the code changes the lines that it is about.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from tests.support import calls

RECORD: Final = "CROSSDOCK_RECORD_CALLS"
_TESTS: Final = "tests/integration/handlers"


def record(folder: str, test: str, made: set[tuple[str, str]]) -> None:
    """Adds what a test saw to this process's file."""
    with (Path(folder) / f"{os.getpid()}.jsonl").open("a", encoding="utf-8") as file:
        file.writelines(json.dumps([test, *one]) + "\n" for one in sorted(made))


def chosen(found: dict[tuple[str, str], set[str]]) -> dict[str, dict[str, str]]:
    """function → call → one test: the one there was, else the first by name of the file with the fewest brackets."""
    document: dict[str, dict[str, str]] = {}
    for (function, call), tests in sorted(found.items()):
        kept = calls.witnessed().get(function, {}).get(call)
        document.setdefault(function, {})[call] = kept if kept in tests else min(tests, key=lambda t: ("[" in t, t))
    return document


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        files = sys.argv[1:]
        arguments = [*files, "-n", "0"] if files else [_TESTS, "-n", "2", "--dist", "loadfile"]
        command = [sys.executable, "-m", "pytest", "-q", "--show-capture=no", *arguments]
        subprocess.run(command, env={**os.environ, RECORD: folder}, check=False)  # noqa: S603
        listed = calls.witnessed() if files else {}
        found = {(function, call): {test} for function, made in listed.items() for call, test in made.items()}
        for file in Path(folder).glob("*.jsonl"):
            for line in file.read_text(encoding="utf-8").splitlines():
                test, function, call = json.loads(line)
                found.setdefault((function, call), set()).add(test)
    calls.LIST.write_text(json.dumps(chosen(found), indent=1, sort_keys=True) + "\n", encoding="utf-8")
    print(f"{len(found)} calls of {len({f for f, _ in found})} functions are witnessed in {calls.LIST}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
