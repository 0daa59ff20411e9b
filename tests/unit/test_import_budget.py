"""What importing a handler may cost: each function imports no module it has no use for.

Measured on two cores: boto3 costs a cold start another 350 ms with its first client, the X-Ray tracer 240,
the event handler's validation 120, the idempotency utility 250. Each import is measured in a process of its own.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.unit

ROOT = Path(__file__).parents[2]
FUNCTIONS = sorted(p.parent.name for p in ROOT.glob("functions/*/handler.py"))
NOWHERE = frozenset(
    {
        "aws_lambda_powertools.event_handler",
        "aws_lambda_powertools.utilities.idempotency",
        "aws_lambda_powertools.utilities.parser",
        "aws_lambda_powertools.utilities.validation",
        "aws_xray_sdk",
        "boto3",
        "crossdock.config.compile",
        "httpx",
        "jsonpatch",
        "phonenumbers",
        "rapidfuzz",
        "requests",
        "stdnum",
    }
)
# Functions whose input is our own: a queue's marks, a stream, a path. They validate no contract.
WITHOUT_PYDANTIC = frozenset(
    {
        "announce_changes",
        "announce_customers",
        "authorize_partner",
        "balance_hot_items",
        "collect_dead_letters",
        "deliver_to_channel",
        "describe_api",
        "list_deliveries",
        "measure_business",
        "project_balances",
        "read_availability",
        "read_customers",
        "read_price_book",
        "reconcile_stock",
        "watch_channels",
    }
)


def imported_by(statement: str) -> frozenset[str]:
    """The names of all modules that a fresh interpreter holds after a statement."""
    code = f"import sys; {statement}; print('\\n'.join(sys.modules))"
    done = subprocess.run(  # noqa: S603 - our own interpreter and our own words
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return frozenset(done.stdout.split())


def test_the_lists_name_functions_that_exist() -> None:
    assert len(FUNCTIONS) == 45
    assert set(FUNCTIONS) > WITHOUT_PYDANTIC


def test_the_measurement_sees_what_is_imported() -> None:
    assert {"pydantic", "boto3"} <= imported_by("import pydantic, boto3")
    assert not NOWHERE & imported_by("import json")


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_handler_imports_nothing_that_is_banned_for_it(function: str) -> None:
    banned = NOWHERE | ({"pydantic"} if function in WITHOUT_PYDANTIC else frozenset())

    assert sorted(imported_by(f"import functions.{function}.handler") & banned) == []
