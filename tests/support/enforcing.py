"""The emulator with IAM enforced: a function has its own role's session; what the role does not allow is refused.

Its own switch for that is AUTH=true. Three things are corrected:

1. A batch of messages is sqs:SendMessage, and a PartiQL statement dynamodb:PartiQLInsert, Update, Delete or Select on
   its table (the service authorization reference); the emulator asks for actions that IAM does not know.
2. Queues and buckets refuse plain HTTP, as they do in the cloud. Here all of it is plain HTTP over the loopback
   address, so what comes from 127.0.0.1 is taken for encrypted, and nothing else is.
3. As `crossdock_cli.local.emulator` does: PartiQL writes reach the stream.

This module runs in the engine's own process, in the place of `crossdock_cli.local.emulator`.
"""

from __future__ import annotations

import json
import os
import re
from typing import Any, Final

os.environ["AUTH"] = "true"  # read when the emulator is imported

from ministack import app  # type: ignore[import-untyped]
from ministack.core import iam_actions  # type: ignore[import-untyped]

from crossdock_cli.local.cloudwatch import measure_as_cloudwatch_does
from crossdock_cli.local.emulator import put_partiql_writes_on_streams

ENCRYPTED: Final = "127.0.0.1"
_SINGLE: Final = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
}
_STATEMENTS: Final = frozenset({"dynamodb:BatchExecuteStatement", "dynamodb:ExecuteStatement"})
_STATEMENT: Final = re.compile(r'\s*(INSERT|UPDATE|DELETE|SELECT)\b.*?"([^"]+)"', re.DOTALL)


def ask_for_real_actions() -> None:
    """A batch is authorised as what it is a batch of, each statement on its own table."""
    extract, checks = iam_actions.extract_iam_action, iam_actions.dynamodb_transaction_checks

    def extracted(*arguments: Any) -> str | None:
        action = extract(*arguments)
        return _SINGLE.get(action, action)

    def checked(action: str, body: bytes, region: str, account: str) -> list[tuple[str, str]]:
        if action not in _STATEMENTS:
            found: list[tuple[str, str]] = checks(action, body, region, account)
            return found
        document = json.loads(body)
        matches = [_STATEMENT.match(one["Statement"]) for one in document.get("Statements", [document])]
        return [
            (f"dynamodb:PartiQL{m[1].capitalize()}", f"arn:aws:dynamodb:{region}:{account}:table/{m[2]}")
            for m in matches
            if m
        ]

    iam_actions.extract_iam_action = extracted
    iam_actions.dynamodb_transaction_checks = checked


def take_loopback_for_encrypted() -> None:
    """Says of each request's transport that it is secure when it comes from the one address."""
    pin = app.pin_request_origin
    app.pin_request_origin = lambda address, secure: pin(address, secure or address == ENCRYPTED)


if __name__ == "__main__":
    put_partiql_writes_on_streams()
    measure_as_cloudwatch_does()
    take_loopback_for_encrypted()
    ask_for_real_actions()
    app.main()
