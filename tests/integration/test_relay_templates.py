"""What CloudFormation gets for a source that sends over a partner's event bus."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import pytest

from crossdock.config.compile import ConfigError, compile_document
from infra import app as infra_app
from infra.stages import ROOT
from tests.integration.conftest import Templates

if TYPE_CHECKING:
    from pathlib import Path

    from infra.bundling import LayerFolders

pytestmark = pytest.mark.integration

BUS = "aws.partner/salesforce.com/00D000000000001AAA/0YL000000000001"


def _document(event_source: str) -> dict[str, object]:
    document = tomllib.loads((ROOT / "config" / "distributor.toml").read_text(encoding="utf-8"))
    crm = {"connector": "salesforce", "scheme": "salesforce-outbound", "event_source": event_source}
    document["sources"] |= {"crm": crm}
    return document


def test_a_partners_bus_is_taken_over_and_its_events_go_to_the_queue_of_webhooks(
    tmp_path: Path, hollow_layers: LayerFolders, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(infra_app, "compile_file", lambda _: compile_document(_document(BUS), "x.toml"))
    infra_app.build("prod", outdir=tmp_path, layers=hollow_layers).synth()
    templates = Templates(tmp_path, "prod")

    buses = [r["Properties"] for _, r in templates.all("AWS::Events::EventBus")]
    assert [(b["Name"], b["EventSourceName"]) for b in buses if "EventSourceName" in b] == [(BUS, BUS)]
    (rule,) = [r["Properties"] for _, r in templates.all("AWS::Events::Rule") if "relay-crm" in str(r)]
    assert rule["EventPattern"] == {"source": [{"prefix": "aws.partner/"}]}
    (target,) = rule["Targets"]
    assert templates.read("sync", target["Arn"]) == "queue/webhooks"
    assert target["InputTransformer"] == {
        "InputPathsMap": {"id": "$.id", "detail": "$.detail"},
        "InputTemplate": '{"v":1,"kind":"relayed","source":"crm","id":<id>,"detail":<detail>}',
    }
    assert templates.read("sync", target["DeadLetterConfig"]["Arn"]) == "queue/failures"


@pytest.mark.parametrize("name", ["", "salesforce.com/00D1/0YL1", "aws.partner/", "aws.partner/salesforce.com", "a b"])
def test_what_is_no_partner_event_source_is_refused_by_its_field(name: str) -> None:
    with pytest.raises(ConfigError, match=r"sources\.crm\.event_source"):
        compile_document(_document(name), "x.toml")
