"""`make sbom`: a CycloneDX 1.6 document of everything that is locked, with the hashes that are installed by.

The same locks give the same document, but for the day: what changed between two releases is what differs.
"""

from __future__ import annotations

import argparse
import json
import sys
import tomllib
import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from infra.supply.locks import packages

if TYPE_CHECKING:
    from collections.abc import Sequence

    from infra.supply.locks import Package

ROOT: Final = Path(__file__).parents[2]
_NAMESPACE: Final = uuid.UUID("5c6d1a0e-6f0c-4b8f-9f0e-2f6c1f5f7a10")


def bill(found: Sequence[Package], version: str, at: datetime) -> dict[str, Any]:
    """The document: one component a package; the application depends on what its functions run with."""
    application = f"pkg:pypi/crossdock@{version}"
    components = [_component(one) for one in sorted(found, key=lambda p: p.purl)]
    content = json.dumps(components, sort_keys=True)
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{uuid.uuid5(_NAMESPACE, content)}",
        "version": 1,
        "metadata": {
            "timestamp": at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application",
                "bom-ref": application,
                "name": "crossdock",
                "version": version,
                "purl": application,
                "licenses": [{"license": {"id": "Apache-2.0"}}],
            },
        },
        "components": components,
        "dependencies": [
            {"ref": application, "dependsOn": sorted(one.purl for one in found if one.scope == "required")}
        ],
    }


def _component(package: Package) -> dict[str, Any]:
    # One package can be installed from several files; a component says the hash of one, so each file is a reference.
    first, *others = package.hashes
    return {
        "type": "library",
        "bom-ref": package.purl,
        "name": package.name,
        "version": package.version,
        "scope": package.scope,
        "purl": package.purl,
        "properties": [
            {"name": "crossdock:lock", "value": package.lock},
            *({"name": f"crossdock:hash:{algorithm}", "value": digest} for algorithm, digest in others),
        ],
        "hashes": [{"alg": first[0], "content": first[1]}],
    }


def validate(text: str) -> None:
    """Holds the document to CycloneDX's own schema. Raises ValueError with what is wrong."""
    from cyclonedx.schema import SchemaVersion  # type: ignore[import-not-found]  # noqa: PLC0415 - make sbom installs it
    from cyclonedx.validation.json import JsonStrictValidator  # type: ignore[import-not-found]  # noqa: PLC0415 - same

    problem = JsonStrictValidator(SchemaVersion.V1_6).validate_str(text)
    if problem is not None:
        raise ValueError(f"the bill of materials breaks CycloneDX's schema: {problem}")


def main() -> int:
    """Writes the document; 0 when it is valid."""
    parser = argparse.ArgumentParser(prog="make sbom", description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / ".build" / "sbom.cdx.json", help="where to")
    asked = parser.parse_args()
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    found = packages(ROOT)
    text = json.dumps(bill(found, version, datetime.now(UTC)), indent=1) + "\n"
    validate(text)
    asked.out.parent.mkdir(parents=True, exist_ok=True)
    asked.out.write_text(text, encoding="utf-8")
    deployed = sum(1 for one in found if one.scope == "required")
    sys.stdout.write(f"{len(found)} packages ({deployed} deployed), valid CycloneDX 1.6: {asked.out}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
