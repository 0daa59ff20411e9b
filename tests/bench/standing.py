"""What production costs without a single request: counted from its templates, times published prices.

`make costs` synthesises production and writes `standing.json`; a test compares it with the templates.
"""

from __future__ import annotations

import json
import tempfile
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crossdock.config.compile import compile_file
from crossdock.config.model import from_document
from crossdock.contracts.metrics import METRICS
from infra.retained import read_templates
from infra.stages import PROD
from tests.bench.tables import table, usd

if TYPE_CHECKING:
    from collections.abc import Mapping
    from decimal import Decimal

    from tests.bench.model import Book

STANDING: Final = Path(__file__).with_name("standing.json")
_SECONDS_A_MONTH: Final = 2_628_000
# Lambda asks a queue it consumes with five connections, each held open for 20 seconds.
_POLLS_A_MONTH: Final = 5 * _SECONDS_A_MONTH // 20
# Resource → what it is counted as; a price of prices.toml is named after each.
_COUNTED: Final = {
    "AWS::CloudWatch::Alarm": "alarm",
    "AWS::CloudWatch::CompositeAlarm": "composite_alarm",
    "AWS::CloudWatch::Dashboard": "dashboard",
    "AWS::KMS::Key": "key",
    "AWS::SecretsManager::Secret": "secret",
    "AWS::WAFv2::WebACL": "web_acl",
}


def count(templates: Mapping[str, Mapping[str, Any]]) -> dict[str, int]:
    """How much there is of what has a monthly price; `snapshot_mb` is the memory of all functions with a snapshot."""
    found: Counter[str] = Counter()
    for template in templates.values():
        for resource in template["Resources"].values():
            kind, properties = resource["Type"], resource.get("Properties", {})
            if kind in _COUNTED:
                found[_COUNTED[kind]] += 1
            if kind == "AWS::WAFv2::WebACL":
                found["web_acl_rule"] += len(properties["Rules"])
            elif kind == "AWS::Lambda::EventSourceMapping" and "StartingPosition" not in properties:
                found["queue"] += 1
            elif kind == "AWS::Lambda::Function" and "SnapStart" in properties:
                found["snapshot_mb"] += properties["MemorySize"]
    return {**dict(sorted(found.items())), "custom_metric": _figures()}


def _figures() -> int:
    """Metrics of our own, by the values their dimensions have in production's configuration; one currency, the first
    release's domains."""
    business = from_document(compile_file(PROD.config_path))
    values = {
        "channel": len(business.channels),
        "warehouse": len(business.warehouses),
        "source": len(business.sources),
        "price_class": len(business.price_classes),
        "currency": 1,
    }
    total = 0
    for metric in METRICS:
        combinations = 1
        for dimension in metric.dimensions:
            combinations *= len(metric.values) or values[dimension]
        total += combinations
    return total


def write() -> None:
    """Counts anew, from production's templates as they are now."""
    # The CDK is started only here: the page needs none.
    from infra.app import build

    with tempfile.TemporaryDirectory() as folder:
        build("prod", outdir=Path(folder)).synth()
        found = count(read_templates(Path(folder)))
    STANDING.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")


def bill(book: Book, counted: Mapping[str, int]) -> list[tuple[str, str, Decimal]]:
    """(what, how much of it, dollars a month) of each, the dearest first."""
    gigabyte_seconds = counted["snapshot_mb"] * _SECONDS_A_MONTH // 1024
    lines = [
        ("alarms", "alarm", counted["alarm"], f"{counted['alarm']}"),
        ("alarms of alarms", "composite_alarm", counted["composite_alarm"], f"{counted['composite_alarm']}"),
        ("metrics of our own", "custom_metric", counted["custom_metric"], f"{counted['custom_metric']}"),
        ("dashboards", "dashboard", counted["dashboard"], f"{counted['dashboard']}"),
        ("keys", "key", counted["key"], f"{counted['key']}, and as much for each of its first two yearly rotations"),
        ("secrets", "secret", counted["secret"], f"{counted['secret']}"),
        ("firewall", "web_acl", counted["web_acl"], f"{counted['web_acl']}"),
        ("its rules", "web_acl_rule", counted["web_acl_rule"], f"{counted['web_acl_rule']}"),
        (
            "snapshots of the API's functions",
            "snapshot_gb_second",
            gigabyte_seconds,
            f"{counted['snapshot_mb'] / 1024:.1f} GB, and as much again for each version that is kept",
        ),
        ("asking empty queues", "sqs_request", counted["queue"] * _POLLS_A_MONTH, f"{counted['queue']} queues"),
    ]
    found = [(what, said, book.usd(price, units)) for what, price, units, said in lines]
    return sorted(found, key=lambda line: -line[2])


def render(book: Book) -> str:
    """The page's section."""
    lines = bill(book, json.loads(STANDING.read_text(encoding="utf-8")))
    total = sum(amount for _, _, amount in lines)
    rows = [(what, said, usd(amount)) for what, said, amount in lines]
    listed = table(("a month", "", "costs"), [*rows, ("**together**", "", f"**{usd(total)}**")])
    per_million = book.usd("web_acl_request", 1_000_000)
    return f"""## A stage without traffic, a month

What production costs before anything comes: counted from its templates with the configuration as it is checked in
(`config/distributor.toml`: two sources, two channels, two warehouses). A version of the API's functions keeps its
snapshot, and is paid for, until it is removed: `crossdock versions prune` after each release.

{listed}

With traffic come, beside the tables above: the firewall, {usd(per_million)} a million requests; KMS,
{usd(book.usd("key_request", 1_000_000))} a million calls (SQS uses a data key for an hour, DynamoDB and S3 keep theirs
as well, so it is thousands a month and queue, not millions); the lines of metrics in the log, which are in the log
bytes above; logs kept, {usd(book.usd("log_gb_month", 1))} a GB and month. CodeDeploy shifts Lambda aliases for nothing.

The tag `domain` splits the bill (inventory, pricing, customers, exchange, exceptions, platform) once it is activated
for cost allocation: docs/deployment.md."""
