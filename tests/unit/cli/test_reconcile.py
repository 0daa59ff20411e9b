"""Waiting for a reconciliation: begun once, however long it takes."""

from __future__ import annotations

from typing import Any

import boto3

from crossdock_cli.target import Target


def test_a_reconciliation_is_waited_for_and_never_begun_twice() -> None:
    session = boto3.session.Session(aws_access_key_id="x", aws_secret_access_key="x", region_name="eu-west-1")

    config: Any = Target("dev", session).functions.meta.config

    assert config.read_timeout > 15 * 60
    assert config.retries["total_max_attempts"] == 1
