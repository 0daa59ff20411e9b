"""Engines for tests: each in a folder and on a port of its own, so that none meets the one a developer is using."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from crossdock_cli.local import engine as local_engine
from crossdock_cli.local.paths import Paths, checkout
from crossdock_cli.local.process import free_port
from crossdock_cli.local.progress import Steps
from crossdock_cli.local.up import Options, down, up
from crossdock_cli.target import Target, local_target
from tests.support.tables import create_tables

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@contextmanager
def bare_engine(home: Path) -> Iterator[Target]:
    """An empty emulator: nothing is deployed in it."""
    paths = Paths(checkout(), home)
    state = local_engine.start(paths, free_port())
    try:
        local_engine.wait_ready(state, paths)
        yield local_target(state)
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
    assert target.state is not None
    local_engine.reset(target.state)
    create_tables(target.dynamodb)
