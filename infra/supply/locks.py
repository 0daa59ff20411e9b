"""The locked files, read: every package with its version and the hashes that an installation is held to."""

from __future__ import annotations

import base64
import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Lock → what its packages are for: `required` ones run in the deployed functions, the others build, test or operate.
PYTHON: Final = {
    "layers/dependencies/requirements.lock": "required",
    "requirements.lock": "excluded",
    ".ci/bootstrap.lock": "excluded",
    ".ci/audit.lock": "excluded",
}
NODE: Final = "package-lock.json"
_PACKAGE: Final = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)")
_HASH: Final = re.compile(r"--hash=sha256:([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class Package:
    """One locked package. `hashes` are (algorithm, hex digest) of every file that may be installed."""

    ecosystem: str
    name: str
    version: str
    hashes: tuple[tuple[str, str], ...]
    scope: str
    lock: str

    @property
    def purl(self) -> str:
        """Its address among all packages (package-url)."""
        name = self.name.replace("@", "%40", 1) if self.ecosystem == "npm" else self.name
        return f"pkg:{self.ecosystem}/{name}@{self.version}"


def packages(root: Path) -> list[Package]:
    """Every locked package once, the deployed ones first; one in two locks is the first one's, with the same version.

    Raises ValueError for a package without a hash: it would not be known which file is meant.
    """
    found: dict[str, Package] = {}
    for lock, scope in PYTHON.items():
        for package in _python(root / lock, lock, scope):
            found.setdefault(package.purl, package)
    for package in _node(root / NODE):
        found.setdefault(package.purl, package)
    for package in found.values():
        if not package.hashes:
            raise ValueError(f"{package.lock}: {package.name} {package.version} has no hash; lock it anew with hashes")
    return list(found.values())


def _python(path: Path, lock: str, scope: str) -> Iterator[Package]:
    text = path.read_text(encoding="utf-8").replace("\\\n", " ")
    for line in text.splitlines():
        head = _PACKAGE.match(line)
        if head:
            name = re.sub(r"[-_.]+", "-", head[1]).lower()
            hashes = tuple(("SHA-256", digest) for digest in _HASH.findall(line))
            yield Package("pypi", name, head[2], hashes, scope, lock)


def _node(path: Path) -> Iterator[Package]:
    for place, one in json.loads(path.read_text(encoding="utf-8"))["packages"].items():
        if place:
            algorithm, _, digest = one["integrity"].partition("-")
            hashes = ((f"SHA-{algorithm.removeprefix('sha')}", base64.b64decode(digest).hex()),)
            yield Package("npm", place.rpartition("node_modules/")[2], one["version"], hashes, "excluded", path.name)
