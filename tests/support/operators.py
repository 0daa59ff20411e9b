"""What happens around an operator: a warehouse counts, a message is given up, somebody works a replay off elsewhere."""

from __future__ import annotations

import json
import secrets as random
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crossdock_cli.local.paths import LOCAL_DIR_VARIABLE
from tests.support.system import MOVED_AT, movement, wms_code

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.system import System

CROSSDOCK: Final = Path(sys.executable).parent / "crossdock"


def channel_state(system: System, name: str) -> dict[str, Any]:
    (found,) = system.crossdock("channels", "status", name, "--json").document
    return dict(found)


def open_groups(system: System, *arguments: str) -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = system.crossdock("exceptions", "list", *arguments, "--json").document
    return listed


def dead(system: System, id_: str, sku: str) -> str:
    """A movement that was given up lies among the dead letters; gives back its group on the list."""
    letter = {
        "v": 1,
        "kind": "movements",
        "source": "wms",
        "correlation_id": f"cd-{random.token_hex(6)}",
        "movements": [movement(id_, sku, 3)],
        "replay": None,
    }
    system.target.sqs.send_message(QueueUrl=system.url("movements-dlq"), MessageBody=json.dumps(letter))

    def listed() -> Any:
        found = open_groups(system, "--kind", "dead_letter")
        return next((g["id"] for g in found if sku in json.dumps(system.shown(g))), None)

    return str(system.until("it is listed", listed))


def count(system: System, position: int, sku: str, quantity: int) -> None:
    """The warehouse counts an item, as of its position."""
    counts = [{"item": wms_code(sku), "quantity": quantity}]
    data = {"warehouse": "MAIN", "position": position, "counted_at": MOVED_AT, "counts": counts}
    assert system.webhook("wms", "stock.counted", data).status_code == 202
    kept = ("CNT#wms#MAIN", f"{sku}#{wms_code(sku)}")
    system.until("it is kept", lambda: (row := system.row("inventory", *kept)) and row["pos"] == position)


@contextmanager
def replaying(system: System, run: str) -> Iterator[None]:
    """Somebody works a run off at another terminal, so slowly that it is not over soon."""
    command = [str(CROSSDOCK), "exceptions", "runs", "start", run, "--rate", "1"]
    environment = {"PATH": "/usr/bin:/bin", LOCAL_DIR_VARIABLE: str(system.home), "HOME": str(system.home)}
    other = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603

    def sent() -> bool:
        shown = system.crossdock("exceptions", "runs", "show", run, "--json").document
        return bool(shown["state"] == "running" and shown["sent"])

    try:
        system.until("it has begun", sent)
        yield
    finally:
        other.kill()
        other.wait()
