"""The saved questions to the logs, as CloudFormation gets them, and that they ask for what functions write."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from crossdock.contracts.log_queries import QUERIES
from infra.stages import ROOT

if TYPE_CHECKING:
    from tests.integration.conftest import Templates

pytestmark = pytest.mark.integration


def test_each_query_is_saved_for_every_function(prod: Templates) -> None:
    saved = {r["Properties"]["Name"]: r["Properties"] for _, r in prod.all("AWS::Logs::QueryDefinition")}
    groups = sorted(p["FunctionName"] for p in prod.named("AWS::Lambda::Function", "FunctionName").values())
    assert {name: p["QueryString"] for name, p in saved.items()} == {
        f"crossdock/prod/{query.name}": query.text for query in QUERIES
    }
    for properties in saved.values():
        assert properties["LogGroupNames"] == [f"/aws/lambda/{name}" for name in groups]


@pytest.mark.parametrize("query", QUERIES, ids=lambda q: q.name)
def test_words_that_a_query_looks_for_are_words_that_are_written(query: object) -> None:
    text = getattr(query, "text", "")
    code = "".join(p.read_text() for folder in ("layers/crossdock", "functions") for p in (ROOT / folder).rglob("*.py"))
    code = code.replace((ROOT / "layers/crossdock/python/crossdock/contracts/log_queries.py").read_text(), "")
    for said in re.findall(r'(?:station|message) = "([^"]+)"', text):
        assert f'"{said}"' in code, said
