"""A function in the cloud has Python, two layers and its own folder; here it could borrow from our environment.

So each handler is imported by an interpreter that has nothing else, in a process of its own: none may live on what
another one imported before it.
"""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from infra import bundling
from infra.stages import LOCAL, ROOT

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.integration

FUNCTIONS = sorted(p.parent for p in (ROOT / "functions").glob("*/handler.py"))
# argv: layer folders, function folder. Prints where each imported module that is no part of Python came from.
IMPORT = """
import sys, sysconfig
layers, function = sys.argv[1].split(":"), sys.argv[2]
sys.path[:0] = [function, *layers]
import handler
assert callable(handler.handler)
python = tuple(sysconfig.get_paths()[name] for name in ("stdlib", "platstdlib"))
files = [m.__file__ for m in list(sys.modules.values()) if getattr(m, "__file__", None)]
print(*(f for f in files if not f.startswith(python)), sep="\\n")
"""
# The connectors are imported by the name that the configuration says, so no handler's import shows whether they can be.
IMPORT_LIBRARY = """
import importlib, pkgutil, sys
sys.path[:0] = sys.argv[1].split(":")
import crossdock
names = [m.name for m in pkgutil.walk_packages(crossdock.__path__, "crossdock.")]
for name in names:
    importlib.import_module(name)
print(*names, sep="\\n")
"""


def bare_python(program: str, *arguments: str) -> list[str]:
    """The lines that a program prints in an interpreter without site-packages and without our environment."""
    command = [sys.executable, "-I", "-S", "-c", program, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd="/", env={})  # noqa: S603
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.fixture(scope="module")
def layers() -> list[str]:
    """The layers as they are built for this machine, as folders on a path."""
    folders = bundling.build_layers(LOCAL)
    return [str(folders.library / "python"), str(folders.dependencies / "python")]


def test_without_the_layers_no_handler_can_be_imported() -> None:
    with pytest.raises(AssertionError, match="No module named"):
        bare_python(IMPORT, "/nowhere", str(FUNCTIONS[0]))


@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda folder: folder.name)
def test_a_handler_imports_from_python_the_layers_and_its_folder_alone(layers: list[str], function: Path) -> None:
    files = bare_python(IMPORT, os.pathsep.join(layers), str(function))

    assert [f for f in files if not f.startswith((*layers, str(function)))] == []
    assert any(f.startswith(layers[0]) for f in files)


def test_every_module_of_the_library_is_complete_with_the_layers(layers: list[str]) -> None:
    names = bare_python(IMPORT_LIBRARY, os.pathsep.join(layers))

    assert {
        "crossdock.connectors.generic_erp.translation",
        "crossdock.connectors.generic_wms.translation",
        "crossdock.connectors.signed_webhook.client",
    } <= set(names)
