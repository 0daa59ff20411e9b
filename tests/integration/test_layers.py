"""The built layers: complete by themselves, made for the right machine, rebuilt only when something changed."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys

import pytest

from crossdock.config.compile import ConfigError
from infra import bundling
from infra.stages import LOCAL, PROD, ROOT

pytestmark = pytest.mark.integration

FUNCTIONS = sorted(p.parent for p in (ROOT / "functions").glob("*/handler.py"))
# Runs with no site-packages: what a handler imports comes from its own folder, the layers, or Python itself.
IMPORT_EACH = """
import importlib.util, sys
layers, folders = sys.argv[1].split(":"), sys.argv[2:]
sys.path[:0] = layers
for folder in folders:
    name = folder.rsplit("/", 1)[-1]
    spec = importlib.util.spec_from_file_location(name, folder + "/handler.py")
    sys.modules[name] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(sys.modules[name])
from crossdock import config
print(config.load().distributor)
"""


def test_every_handler_imports_from_the_layers_alone() -> None:
    folders = bundling.build_layers(LOCAL)
    path = os.pathsep.join(str(f / "python") for f in (folders.library, folders.dependencies))
    command = [sys.executable, "-I", "-S", "-c", IMPORT_EACH, path, *map(str, FUNCTIONS)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    assert done.returncode == 0, done.stderr
    assert done.stdout == "Demo Wholesale\n"


def test_the_cloud_layers_are_made_for_arm() -> None:
    folders = bundling.build_layers(PROD)
    machine = 0xB7  # AArch64 in an ELF header
    binaries = [b for f in (folders.dependencies, folders.comparing) for b in f.rglob("*.so")]
    assert len({b.relative_to(folders.library.parent).parts[0] for b in binaries}) == 2
    assert {int.from_bytes(b.read_bytes()[18:20], "little") for b in binaries} == {machine}
    # Made for this very version, or for every one from some version on.
    assert all("cpython-313-aarch64" in b.name or ".abi3." in b.name for b in binaries)


def test_what_customers_are_compared_with_is_a_layer_of_its_own() -> None:
    folders = bundling.build_layers(LOCAL)
    compared = {p.name for p in (folders.comparing / "python").iterdir() if ".dist-info" not in p.name}
    assert compared - {"rapidfuzz.libs"} == {"phonenumbers", "rapidfuzz", "stdnum"}
    assert not compared & {p.name for p in (folders.dependencies / "python").iterdir()}
    path = [str(f / "python") for f in (folders.library, folders.dependencies, folders.comparing)]
    code = (
        f"import sys; sys.path[:0] = {path!r}\n"
        "from crossdock.identity.comparing import party_of, sound\n"
        "from crossdock.identity.duplicates.scoring import score\n"
        "one = party_of('CU1', {'name': 'Acme Ltd', 'tax_id': 'GB980780684', 'billing_country': 'GB'})\n"
        "print(score(one, one).verdict, len(sound({'tax_id': 'GB1', 'billing_country': 'GB'})))"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    assert (done.returncode, done.stdout) == (0, "certain 1\n"), done.stderr


def test_the_cloud_layers_carry_the_distributors_configuration() -> None:
    business = bundling.build_layers(PROD).library / "python" / "crossdock" / "config" / "business.json"
    assert json.loads(business.read_text())["distributor"]["name"] == "Example Wholesale Ltd"


def test_only_the_services_that_functions_call_are_shipped() -> None:
    data = bundling.build_layers(PROD).dependencies / "python" / "botocore" / "data"
    clients = (ROOT / "layers" / "crossdock" / "python" / "crossdock" / "platform" / "clients.py").read_text()
    called = set(re.findall(r'_client\("([a-z0-9-]+)"\)', clients))
    assert {p.name for p in data.iterdir() if p.is_dir()} == bundling.SERVICES == called


def test_every_client_is_made_from_the_layers_alone() -> None:
    folders = bundling.build_layers(LOCAL)
    path = [str(f / "python") for f in (folders.library, folders.dependencies)]
    code = (
        f"import os, sys; sys.path[:0] = {path!r}; os.environ['AWS_DEFAULT_REGION'] = 'eu-west-1'\n"
        "from crossdock.platform import clients\n"
        f"for service in {sorted(bundling.SERVICES)!r}: print(clients._client(service).meta.service_model.service_name)"
    )
    done = subprocess.run([sys.executable, "-I", "-S", "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    assert (done.returncode, done.stdout.split()) == (0, sorted(bundling.SERVICES)), done.stderr


def test_local_layers_are_compiled_without_time_stamps() -> None:
    folders = bundling.build_layers(LOCAL)
    compiled = list(folders.library.rglob("*.pyc"))
    assert compiled
    # Bytes 4 to 8: bit 0 = checked by hash, bit 1 = and never looked at the source again.
    assert {int.from_bytes(p.read_bytes()[4:8], "little") for p in compiled} == {0b01}


def test_layers_are_reused_until_something_they_are_made_of_changes(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path_factory.mktemp("source") / "crossdock" / "config"
    source.mkdir(parents=True)
    (source / "rule.py").write_text("LIMIT = 1\n")
    monkeypatch.setattr(bundling, "LIBRARY", source.parent.parent)
    monkeypatch.setattr(bundling, "LAYERS", tmp_path_factory.mktemp("layers"))
    monkeypatch.setattr(bundling, "_install", lambda folder, _: (folder / "botocore" / "data").mkdir(parents=True))
    said: list[str] = []
    monkeypatch.setattr(bundling, "_say", said.append)

    bundling.build_layers(LOCAL)
    assert len(said) == 3
    bundling.build_layers(LOCAL)
    assert len(said) == 3
    (source / "rule.py").write_text("LIMIT = 2\n")
    folders = bundling.build_layers(LOCAL)
    assert len(said) == 4
    assert (folders.library / "python" / "crossdock" / "config" / "rule.py").read_text() == "LIMIT = 2\n"
    bundling.build_layers(dataclasses.replace(LOCAL, config="distributor.toml"))
    assert len(said) == 5
    assert all("library" in line for line in said[3:])


def test_a_configuration_with_a_mistake_builds_nothing_and_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"config/nowhere\.toml: there is no such file"):
        bundling.build_layers(dataclasses.replace(PROD, config="nowhere.toml"))
