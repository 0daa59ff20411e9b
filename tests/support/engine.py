"""Engines for tests: each in a folder and on a port of its own, so that none meets the one a developer is using."""

from __future__ import annotations

import http.client
from contextlib import contextmanager
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Final

from crossdock_cli.local import cdk, fast, fixups
from crossdock_cli.local import engine as local_engine
from crossdock_cli.local.interrupt import Interrupts
from crossdock_cli.local.paths import Paths, checkout
from crossdock_cli.local.process import free_port
from crossdock_cli.local.progress import Steps
from crossdock_cli.local.seed import seed
from crossdock_cli.local.up import Options, down, up
from crossdock_cli.target import Target, local_target
from tests.support.tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from crossdock_cli.local.state import LocalState

_PROGRAM: Final = Path(__file__).with_name("rewinding.py")
_ENFORCING: Final = Path(__file__).with_name("enforcing.py")


@contextmanager
def bare_engine(home: Path) -> Iterator[Target]:
    """An empty emulator, which can be rewound: nothing is deployed in it."""
    paths = Paths(checkout(), home)
    state = local_engine.start(paths, free_port(), ("-P", str(_PROGRAM)))
    try:
        local_engine.wait_ready(state, paths)
        yield local_target(state)
    finally:
        local_engine.stop(state, paths)


@contextmanager
def enforcing_engine(home: Path) -> Iterator[Target]:
    """The whole app, deployed without the CDK command line into an engine that enforces IAM (enforcing.py)."""
    paths = Paths(checkout(), home)
    paths.home.mkdir(parents=True, exist_ok=True)
    state = local_engine.start(paths, free_port(), ("-P", str(_ENFORCING)))
    try:
        local_engine.wait_ready(state, paths)
        paths.deploy_log.write_text("")
        with Interrupts() as interrupts:
            fast.deploy(state, cdk.synthesise(paths, state, interrupts))
        fixups.complete(state, paths.assembly)
        seeded = seed(paths, state)
        seeded.save(paths)
        yield local_target(seeded)
    finally:
        local_engine.stop(state, paths)


@contextmanager
def deployed_engine(home: Path, *, fast: bool = False) -> Iterator[Target]:
    """The whole app, deployed as a person would with `crossdock local up` (real CDK command line unless `fast`)."""
    paths = Paths(checkout(), home)
    state = up(paths, Options(port=free_port(), fast=fast), Steps(silent=True))
    try:
        yield local_target(state)
    finally:
        down(paths)


def start_afresh(target: Target) -> None:
    """Empties the emulator and creates our tables in it."""
    made(target, "tables", _tables)


def made(target: Target, name: str, make: Callable[[Target], None]) -> None:
    """Brings the emulator to where `make` brings an empty one: by making it the first time, by rewinding after that."""
    assert target.state is not None
    if _ask(target.state, f"rewind?to={name}") == HTTPStatus.NOT_FOUND:
        local_engine.reset(target.state)
        make(target)
        _ask(target.state, f"keep?as={name}")


def keep(target: Target, name: str) -> None:
    """Keeps what there is on the emulator now, for `rewind`."""
    assert target.state is not None
    assert _ask(target.state, f"keep?as={name}") == HTTPStatus.OK


def rewind(target: Target, name: str) -> None:
    """Brings the emulator back to where it was kept."""
    assert target.state is not None
    assert _ask(target.state, f"rewind?to={name}") == HTTPStatus.OK


def fill(target: Target, table: str, first: int, behind: int) -> None:
    """Puts the cross-references of customers `first` to `behind` - 1 (many_xrefs.py) into a table, in seconds."""
    assert target.state is not None
    if _ask(target.state, f"fill?table={table}&first={first}&behind={behind}", patience=600) != HTTPStatus.OK:
        raise RuntimeError(f"{table} was not filled")


def _tables(target: Target) -> None:
    create_tables(target.dynamodb)


def _ask(state: LocalState, what: str, patience: float = 30) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", state.port, timeout=patience)
    try:
        connection.request("POST", f"/_tests/{what}")
        return connection.getresponse().status
    finally:
        connection.close()
