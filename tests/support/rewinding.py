"""The emulator with three more addresses, so that what each test needs is made once, and a million rows in seconds.

    POST /_tests/keep?as=NAME     what there is now is kept under a name
    POST /_tests/rewind?to=NAME   everything is as it was then; 404 where nothing was kept under it
    POST /_tests/fill?table=NAME&first=N&behind=M   the cross-references of customers N to M - 1 (many_xrefs.py) are
                                  put where its own operations would put them, which take 200 calls a second

This module runs in the engine's own process, in the place of `crossdock_cli.local.emulator`.
"""

from __future__ import annotations

import asyncio
import copy
import gc
import sys
from typing import TYPE_CHECKING, Any, Final

from ministack import app  # type: ignore[import-untyped]
from ministack.services import dynamodb, s3  # type: ignore[import-untyped]

from crossdock.platform.dynamo import to_item
from crossdock_cli.local.cloudwatch import measure_as_cloudwatch_does
from crossdock_cli.local.emulator import put_partiql_writes_on_streams
from tests.support.many_xrefs import rows_of_customers

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    Answer = tuple[int, dict[str, str], bytes]
    Handle = Callable[[str, str, Mapping[str, list[str]]], Awaitable[Answer | None]]

_SERVICES: Final = "ministack.services."
_kept: dict[str, dict[str, Any]] = {}
# What the emulator does not call its state: what streams carry, what objects hold.
_BESIDE: Final = ((dynamodb, "_stream_records"), (dynamodb, "_stream_trimmed"), (s3, "_buckets"))
_beside: dict[str, list[Any]] = {}


def _keep(name: str) -> None:
    services = {n: m for n, m in sys.modules.items() if n.startswith(_SERVICES) and hasattr(m, "get_state")}
    _kept[name] = {n: copy.deepcopy(m.get_state()) for n, m in services.items()}
    _beside[name] = [copy.deepcopy(getattr(module, part)) for module, part in _BESIDE]


def _rewind(name: str) -> None:
    app._reset_all_state()
    for service, state in _kept[name].items():
        sys.modules[service].load_persisted_state(copy.deepcopy(state))  # type: ignore[attr-defined]
    for (module, part), held in zip(_BESIDE, _beside[name], strict=True):
        getattr(module, part).update(copy.deepcopy(held))


def _fill(table: str, first: int, behind: int) -> None:
    (items,) = (t["items"] for (_, _, name), t in dynamodb._tables.all_items() if name == table)
    gc.disable()  # which would look through all of it again and again
    try:
        for row in rows_of_customers(first, behind):
            items[row["pk"]][row["sk"]] = to_item(row)
    finally:
        gc.enable()


def with_rewinding(handle: Handle) -> Handle:
    """The emulator's own addresses, and those of this module."""

    async def handled(path: str, method: str, query: Mapping[str, list[str]]) -> Answer | None:
        if path == "/_tests/keep":
            await asyncio.to_thread(_keep, query["as"][0])
        elif path == "/_tests/rewind":
            if query["to"][0] not in _kept:
                return 404, {}, b""
            await asyncio.to_thread(_rewind, query["to"][0])
        elif path == "/_tests/fill":
            first, behind = (int(query[name][0]) for name in ("first", "behind"))
            await asyncio.to_thread(_fill, query["table"][0], first, behind)
        else:
            return await handle(path, method, query)
        return 200, {}, b""

    return handled


if __name__ == "__main__":
    put_partiql_writes_on_streams()
    measure_as_cloudwatch_does()
    app._handle_admin_reset = with_rewinding(app._handle_admin_reset)
    app.main()
