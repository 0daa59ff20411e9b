"""Builds the layers, without Docker: the third-party wheels, and our library with the compiled configuration.

Each is built into `.build/layers/<target>/` and kept while the hash of everything it was made of stays the same, so
a second synth builds nothing and needs no network.
"""

import fcntl
import hashlib
import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from uv import find_uv_bin

from crossdock.config.compile import compile_file
from infra.stages import ROOT, Stage

LAYERS: Final = ROOT / ".build" / "layers"
LOCK: Final = ROOT / "layers" / "dependencies" / "requirements.lock"
LIBRARY: Final = ROOT / "layers" / "crossdock" / "python"

# botocore describes some 400 services in 25 MB; these are the ones that a function has an action for.
SERVICES: Final = frozenset({"dynamodb", "events", "s3", "scheduler", "secretsmanager", "sqs"})
# Change this when the way of building changes, so that layers built the old way are not reused.
_RECIPE: Final = "4"
# What customers are compared with, 24 MB, is a layer of its own: few functions need it, and each new execution
# environment unpacks its layers whole.
COMPARING: Final = ("phonenumber*", "python_stdnum*", "rapidfuzz*", "stdnum")
# Parts of our dependencies that no function imports (a test imports every handler from the layers alone): a quarter of
# what every new execution environment would otherwise unpack. The logger itself needs jmespath_utils.
_UNUSED: Final = ("aws_lambda_powertools/event_handler", "aws_lambda_powertools/utilities/[!j_]*/", "pydantic/v1")


class BundlingError(RuntimeError):
    """A layer could not be built; the message says what was tried and the remedy."""


@dataclass(frozen=True, slots=True)
class LayerTarget:
    """What the layers must run on. `platform` is uv's name of a foreign one; None means this machine."""

    name: str
    python: str
    platform: str | None


# Amazon Linux 2023, which python3.13 runs on, has glibc 2.34; rapidfuzz has no wheels for one older than 2.27.
CLOUD: Final = LayerTarget(name="arm64-python3.13", python="3.13", platform="aarch64-manylinux_2_28")
# The local engine runs functions with this very interpreter.
HOST: Final = LayerTarget(
    name=f"host-python{sys.version_info.major}.{sys.version_info.minor}",
    python=f"{sys.version_info.major}.{sys.version_info.minor}",
    platform=None,
)


@dataclass(frozen=True, slots=True)
class LayerFolders:
    """The built layers: each folder's content is what lands in /opt."""

    dependencies: Path
    comparing: Path
    library: Path


def build_layers(stage: Stage) -> LayerFolders:
    """The stage's layers, built now unless what stands there was made of the same inputs.

    Raises BundlingError, and crossdock.config.compile.ConfigError when the stage's TOML cannot be used.
    """
    target = CLOUD if stage.cloud else HOST
    root = LAYERS / target.name
    root.mkdir(parents=True, exist_ok=True)
    with _alone(root):
        compiler = _interpreter(target)
        folders = LayerFolders(root / "dependencies", root / "comparing", root / "library")
        _keep_dependencies(folders.dependencies, target, compiler, comparing=False)
        _keep_dependencies(folders.comparing, target, compiler, comparing=True)
        _keep_library(folders.library, stage.config_path, compiler)
        return folders


def _keep_dependencies(folder: Path, target: LayerTarget, compiler: Path | None, *, comparing: bool) -> None:
    stamp = _stamp(compiler, target.name, LOCK.read_text(encoding="utf-8"), *sorted(SERVICES))
    with _rebuilt(folder, stamp) as fresh:
        if fresh is None:
            return
        _install(fresh / "python", target)
        _prune(fresh / "python")
        _part(fresh / "python", comparing=comparing)
        _compile(fresh, compiler, target)


def _keep_library(folder: Path, config: Path, compiler: Path | None) -> None:
    business = json.dumps(compile_file(config), indent=1, sort_keys=True)
    sources = sorted(p for p in LIBRARY.rglob("*") if p.is_file() and "__pycache__" not in p.parts)
    contents = (f"{p.relative_to(LIBRARY)}\n{hashlib.sha256(p.read_bytes()).hexdigest()}" for p in sources)
    with _rebuilt(folder, _stamp(compiler, business, *contents)) as fresh:
        if fresh is None:
            return
        ignored = shutil.ignore_patterns("__pycache__", "business.json")
        shutil.copytree(LIBRARY, fresh / "python", ignore=ignored)
        (fresh / "python" / "crossdock" / "config" / "business.json").write_text(business + "\n", encoding="utf-8")
        _compile(fresh, compiler, None)


def _install(folder: Path, target: LayerTarget) -> None:
    """The locked wheels, each checked against its hash; nothing is built from source."""
    command = [find_uv_bin(), "pip", "install", "--quiet", "--target", str(folder), "--requirement", str(LOCK)]
    command += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--link-mode", "copy"]
    if target.platform:
        command += ["--python-platform", target.platform, "--python-version", target.python]
    else:
        command += ["--python", sys.executable]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603 - our own arguments
    if done.returncode:
        raise BundlingError(
            f"the wheels of {LOCK.relative_to(ROOT)} for {target.name} could not be installed. This needs the package "
            f"index once; afterwards the built layer is reused without a network. uv says:\n{done.stderr.strip()}"
        )


def _prune(python: Path) -> None:
    """Takes out what no function reads: botocore's other services, parts nobody imports, scripts, uv's lock file."""
    for folder in (python / "botocore" / "data").iterdir():
        if folder.is_dir() and folder.name not in SERVICES:
            shutil.rmtree(folder)
    for unused in _UNUSED:
        for folder in python.glob(unused):
            shutil.rmtree(folder)
    shutil.rmtree(python / "bin", ignore_errors=True)
    (python / ".lock").unlink(missing_ok=True)


def _part(python: Path, *, comparing: bool) -> None:
    """Leaves what customers are compared with, or all but that."""
    found = {path for pattern in COMPARING for path in python.glob(pattern)}
    for path in python.iterdir():
        if (path in found) != comparing:
            shutil.rmtree(path) if path.is_dir() else path.unlink()


def _interpreter(target: LayerTarget) -> Path | None:
    """An interpreter of the target's version on this machine, or None: its byte code runs on any architecture."""
    if target.platform is None:
        return Path(sys.executable)
    command = [find_uv_bin(), "python", "find", "--no-python-downloads", "--no-project", target.python]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)  # noqa: S603 - our own arguments
    return Path(done.stdout.strip()) if done.returncode == 0 else None


def _compile(folder: Path, compiler: Path | None, target: LayerTarget | None) -> None:
    """Byte-compiles in place, so that a cold start does not; in one line says when it cannot.

    The paths inside become those of the Lambda, and the files carry no time stamps: equal sources, equal bytes.
    """
    if compiler is None:
        if target is not None:
            _say(
                f"no Python {target.python} here to compile with: the layers ship as sources, so cold starts are slower"
            )
        return
    command = [str(compiler), "-m", "compileall", "-q", "-j", "0", "--invalidation-mode", "unchecked-hash"]
    command += ["-s", str(folder), "-p", "/opt", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        raise BundlingError(f"byte-compiling {folder.name} failed:\n{(done.stdout + done.stderr).strip()}")


def _stamp(compiler: Path | None, *inputs: str) -> str:
    """One hash over everything a layer is made of."""
    digest = hashlib.sha256()
    for part in (_RECIPE, "compiled" if compiler else "sources", *inputs):
        digest.update(part.encode() + b"\0")
    return digest.hexdigest()


@contextmanager
def _rebuilt(folder: Path, stamp: str) -> Iterator[Path | None]:
    """Gives an empty folder to build in, which takes the place of `folder` on success; None when that is up to date."""
    mark = folder.with_name(f"{folder.name}.stamp")
    if folder.is_dir() and mark.is_file() and mark.read_text(encoding="utf-8") == stamp:
        yield None
        return
    _say(f"building the layer {folder.parent.name}/{folder.name}")
    fresh = Path(tempfile.mkdtemp(prefix=f".{folder.name}-", dir=folder.parent))
    try:
        yield fresh
        mark.unlink(missing_ok=True)
        if folder.exists():
            shutil.rmtree(folder)
        fresh.chmod(0o755)
        fresh.rename(folder)
        mark.write_text(stamp, encoding="utf-8")
    finally:
        shutil.rmtree(fresh, ignore_errors=True)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Waits until no other process builds the layers of this target."""
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _say(line: str) -> None:
    # On standard error: the CDK's own output stands on standard output.
    sys.stderr.write(f"crossdock: {line}\n")
