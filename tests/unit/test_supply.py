"""The bill of materials names every locked package with its hashes, and an audit that could not ask is no clean one."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from infra.supply import audit
from infra.supply.locks import Package, packages
from infra.supply.sbom import ROOT, bill

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.unit

AT = datetime(2026, 11, 21, 8, 0, tzinfo=UTC)


def test_every_locked_package_is_in_the_bill_once_with_a_hash() -> None:
    found = packages(ROOT)
    components = bill(found, "0.1.0", AT)["components"]

    assert len({c["purl"] for c in components}) == len(components) == len(found)
    assert all(len(c["hashes"][0]["content"]) in {64, 128} for c in components)
    names = {c["name"] for c in components}
    assert {"botocore", "pydantic", "aws-cdk", "uv", "pip-audit", "ministack"} <= names
    whole = (ROOT / "requirements.lock").read_text(encoding="utf-8")
    assert whole.count("==") - whole.count(" == ") <= len([p for p in found if p.ecosystem == "pypi"])


def test_what_the_functions_run_with_is_what_the_application_depends_on() -> None:
    found = packages(ROOT)
    (application,) = bill(found, "0.1.0", AT)["dependencies"]

    deployed = {one.split("/")[1].split("@")[0] for one in application["dependsOn"]}
    assert {"botocore", "pydantic", "aws-lambda-powertools", "pyjwt", "cryptography"} <= deployed
    assert not {"boto3", "pytest", "aws-cdk-lib", "ministack"} & deployed


def test_the_same_locks_give_the_same_bill() -> None:
    found = packages(ROOT)
    later = datetime(2027, 1, 1, tzinfo=UTC)
    one, other = bill(found, "0.1.0", AT), bill(list(reversed(found)), "0.1.0", later)

    assert one["serialNumber"] == other["serialNumber"]
    assert one["components"] == other["components"]
    changed = bill([*found[1:], Package("pypi", "new", "1", (("SHA-256", "0" * 64),), "excluded", "x")], "0.1.0", AT)
    assert changed["serialNumber"] != one["serialNumber"]


def test_a_package_without_a_hash_is_refused(tmp_path: Path) -> None:
    for lock in ("layers/dependencies", ".ci"):
        (tmp_path / lock).mkdir(parents=True)
    for lock in ("layers/dependencies/requirements.lock", ".ci/bootstrap.lock", ".ci/audit.lock"):
        (tmp_path / lock).write_text("")
    (tmp_path / "requirements.lock").write_text("loose==1.0\n")
    (tmp_path / "package-lock.json").write_text('{"packages": {}}')

    with pytest.raises(ValueError, match=r"requirements\.lock: loose 1\.0 has no hash"):
        packages(tmp_path)


def test_a_package_that_was_skipped_is_no_clean_one() -> None:
    said = {
        "dependencies": [
            {"name": "good", "version": "1", "vulns": []},
            {"name": "lost", "skip_reason": "Dependency not found on PyPI"},
        ]
    }
    found = audit.of_pip_audit(json.dumps(said))

    assert (found.asked, found.known, found.silent) == ({"good"}, set(), {"lost": "Dependency not found on PyPI"})
    assert audit.verdict(found, {}) == audit.NOT_ASKED
    other = audit.Findings(asked={"lost"})
    found.add(other)
    assert audit.verdict(found, {}) == audit.CLEAN, "another service knew it"
    assert audit.verdict(audit.Findings(), {}) == audit.NOT_ASKED


def test_a_known_vulnerability_fails_until_it_is_accepted_with_a_reason_and_an_end(tmp_path: Path) -> None:
    said = {"dependencies": [{"name": "bad", "version": "1", "vulns": [{"id": "PYSEC-1"}]}]}
    found = audit.of_pip_audit(json.dumps(said))
    assert audit.verdict(found, {}) == audit.KNOWN

    file = tmp_path / "accepted.toml"
    file.write_text('[[accepted]]\nid = "PYSEC-1"\nwhy = "we do not parse such files at all"\nuntil = 2026-12-31\n')
    assert audit.verdict(found, audit.accepted(file, date(2026, 12, 31))) == audit.CLEAN
    assert audit.verdict(found, audit.accepted(file, date(2027, 1, 1))) == audit.KNOWN
    file.write_text('[[accepted]]\nid = "PYSEC-1"\nwhy = "no"\nuntil = 2026-12-31\n')
    with pytest.raises(ValueError, match="a sentence"):
        audit.accepted(file, date(2026, 12, 1))


def test_an_npm_that_answers_with_an_error_has_not_answered() -> None:
    with pytest.raises(ValueError, match="405"):
        audit.of_npm('{"message": "405 Method Not Allowed"}', ["aws-cdk"])
    via = {"url": "https://github.com/advisories/GHSA-xxxx", "source": 1}
    report = {"vulnerabilities": {"aws-cdk": {"range": "<3", "via": [via, "another"]}}}
    assert audit.of_npm(json.dumps(report), ["aws-cdk"]).known == {("aws-cdk", "<3", "GHSA-xxxx")}
