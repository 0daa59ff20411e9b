"""`make audit`: whether anything that is locked has a known vulnerability.

Python packages are asked after with pip-audit (PyPI's advisories, then OSV's), Node's with `npm audit`. Exit codes:

    0  every package was asked after, and nothing is known that is not accepted
    1  something is known; accepted findings stand in .ci/accepted-vulnerabilities.toml, each with a reason and an end
    3  not every package could be asked after: no answer is no clean bill

A package that an index does not know is skipped by pip-audit in silence; here it counts as not asked after.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infra.supply.locks import NODE, PYTHON, packages

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT: Final = Path(__file__).parents[2]
ACCEPTED: Final = ".ci/accepted-vulnerabilities.toml"
SERVICES: Final = ("pypi", "osv")
CLEAN, KNOWN, NOT_ASKED = 0, 1, 3
_PATIENCE_S: Final = 300
# As many words as a reason has at least.
_SENTENCE: Final = 4


@dataclass
class Findings:
    """What the services said: (package, version, id) of each vulnerability, and who could not be asked after."""

    asked: set[str] = field(default_factory=set)
    known: set[tuple[str, str, str]] = field(default_factory=set)
    silent: dict[str, str] = field(default_factory=dict)

    def add(self, other: Findings) -> None:
        self.asked |= other.asked
        self.known |= other.known
        self.silent = {n: w for n, w in {**self.silent, **other.silent}.items() if n not in self.asked}


def of_pip_audit(text: str) -> Findings:
    """What pip-audit's JSON says. Raises ValueError for text that is none."""
    found = Findings()
    for one in json.loads(text)["dependencies"]:
        if "skip_reason" in one:
            found.silent[one["name"]] = one["skip_reason"]
            continue
        found.asked.add(one["name"])
        found.known |= {(one["name"], one["version"], vulnerability["id"]) for vulnerability in one["vulns"]}
    return found


def of_npm(text: str, locked: Sequence[str]) -> Findings:
    """What `npm audit --json` says of these packages. Raises ValueError when it is no report."""
    document: dict[str, Any] = json.loads(text)
    if "vulnerabilities" not in document:
        raise ValueError(str(document.get("message") or document.get("error") or "no report"))
    known = {
        (name, str(one.get("range", "")), str(via.get("url", via.get("source", "?"))).rpartition("/")[2])
        for name, one in document["vulnerabilities"].items()
        for via in one["via"]
        if isinstance(via, dict)
    }
    return Findings(asked=set(locked), known=known)


def accepted(path: Path, today: date) -> dict[str, str]:
    """Ids that are accepted today, with why. Raises ValueError for one without a reason or an end."""
    found = {}
    for one in tomllib.loads(path.read_text(encoding="utf-8")).get("accepted", []) if path.exists() else []:
        if not (
            one.get("id") and len(str(one.get("why", "")).split()) >= _SENTENCE and isinstance(one.get("until"), date)
        ):
            raise ValueError(f"{path.name}: each needs id, why (a sentence) and until (a date): {one}")
        if one["until"] >= today:
            found[one["id"]] = one["why"]
    return found


def _python(lock: str) -> Findings:
    found = Findings()
    for service in SERVICES:
        command = [sys.executable, "-m", "pip_audit", "--requirement", lock, "--require-hashes", "--disable-pip"]
        command += ["--no-deps", "--format", "json", "--progress-spinner", "off", "--vulnerability-service", service]
        text, error = _said(command)
        try:
            found.add(of_pip_audit(text))
        except (ValueError, KeyError):
            found.silent[f"{lock} ({service})"] = error
            continue
        if not found.silent:
            break
    return found


def _node() -> Findings:
    locked = [one.name for one in packages(ROOT) if one.ecosystem == "npm"]
    npm = shutil.which("npm")
    if npm is None:
        return Findings(silent={NODE: "npm was not found"})
    text, error = _said([npm, "audit", "--package-lock-only", "--json"])
    try:
        return of_npm(text, locked)
    except ValueError as exc:
        return Findings(silent={NODE: str(exc) or error})


def _said(command: Sequence[str]) -> tuple[str, str]:
    try:
        done = subprocess.run(  # noqa: S603 - our own words
            command, cwd=ROOT, capture_output=True, text=True, timeout=_PATIENCE_S, check=False
        )
    except subprocess.TimeoutExpired:
        return "", f"no answer within {_PATIENCE_S} s"
    lines = done.stderr.strip().splitlines()
    return done.stdout, lines[-1][:300] if lines else f"exit code {done.returncode}"


def verdict(found: Findings, forgiven: dict[str, str]) -> int:
    """The exit code: what is known outweighs what could not be asked."""
    if any(ident not in forgiven for _, _, ident in found.known):
        return KNOWN
    return NOT_ASKED if found.silent or not found.asked else CLEAN


def main() -> int:
    """Asks, prints, and gives back the exit code."""
    forgiven = accepted(ROOT / ACCEPTED, datetime.now(UTC).date())
    found = Findings()
    for lock in PYTHON:
        found.add(_python(lock))
    found.add(_node())
    say = sys.stdout.write
    for name, version, ident in sorted(found.known):
        word = "accepted" if ident in forgiven else "VULNERABLE"
        say(f"{word}  {name} {version}  {ident}  {forgiven.get(ident, '')}\n")
    for name, why in sorted(found.silent.items())[:10]:
        say(f"not asked after  {name}: {why}\n")
    if len(found.silent) > 10:  # noqa: PLR2004 - as many as were shown
        say(f"… and {len(found.silent) - 10} more\n")
    code = verdict(found, forgiven)
    say(
        {
            CLEAN: f"{len(found.asked)} packages were asked after: nothing is known that is not accepted\n",
            KNOWN: "there are known vulnerabilities: raise the package, or accept each with a reason and an end\n",
            NOT_ASKED: f"NO VERDICT: {len(found.asked)} packages were asked after, others could not be: is the "
            "advisory service reachable from here?\n",
        }[code]
    )
    return code


if __name__ == "__main__":
    sys.exit(main())
