"""`crossdock sources api`, and what `sources add` says is still needed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from crossdock_cli import secrets, source_apis
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from pathlib import Path

    from crossdock_cli.target import Target

pytestmark = pytest.mark.unit

URL = "https://api.example/stores/s"


class Kept:
    """A stage with one source, whose secret is `document`."""

    def __init__(self, stage: str = "dev", **document: Any) -> None:
        self.stage = stage
        self.document = document

    def secret_document(self, kind: str, name: str) -> dict[str, Any]:
        assert (kind, name) == ("sources", "store")
        return self.document

    def write_secret_document(self, kind: str, name: str, document: dict[str, Any]) -> None:
        assert (kind, name) == ("sources", "store")
        self.document = document


def as_target(kept: Kept) -> Target:
    return cast("Target", kept)


def test_an_api_stands_beside_what_webhooks_are_signed_with_and_outlives_a_rotation() -> None:
    kept = Kept(signing_secrets=["whsec_a"])

    source_apis.keep(as_target(kept), "store", URL, " token\n")
    secrets.rotate_source(as_target(kept), "store", "whsec_b")
    secrets.drop_old_secrets(as_target(kept), "store")

    assert kept.document == {"signing_secrets": ["whsec_b"], "api": {"url": URL, "token": "token"}}


@pytest.mark.parametrize(
    ("url", "token", "named"),
    [("http://api.example", "t", "--url"), ("https://", "t", "--url"), ("api", "t", "--url"), (URL, " ", "--token")],
)
def test_an_address_that_is_none_changes_nothing(url: str, token: str, named: str) -> None:
    kept = Kept(signing_secrets=["whsec_a"])

    with pytest.raises(CliError) as caught:
        source_apis.keep(as_target(kept), "store", url, token)

    assert str(caught.value).startswith(named)
    assert kept.document == {"signing_secrets": ["whsec_a"]}


def test_the_local_stage_may_ask_over_plain_http() -> None:
    kept = Kept("local")

    source_apis.keep(as_target(kept), "store", "http://localhost:8080", "t")

    assert kept.document["api"]["url"] == "http://localhost:8080"


def test_a_new_source_is_told_which_tables_and_which_api_its_mapping_needs(tmp_path: Path) -> None:
    path = tmp_path / "x.toml"
    text = '[sources.store]\nconnector = "bigcommerce"\nscheme = "bigcommerce"\n'
    path.write_text(text, encoding="utf-8")

    before = source_apis.still_needed(path, "store", None)
    path.write_text(text + '[codes.store.statuses]\nowner = "x"\nvalues = { "1" = "held" }\n', encoding="utf-8")
    after = source_apis.still_needed(path, "store", as_target(Kept(api={"url": URL, "token": "t"})))

    assert [step.split(" ")[1] for step in before] == ["[codes.store.statuses]", "[codes.store.warehouses]", "sources"]
    assert [step.split(" ")[1] for step in after] == ["[codes.store.warehouses]"]


def test_a_source_whose_webhooks_say_all_has_no_api_to_be_asked() -> None:
    source_apis.check_fetches("store", "bigcommerce")
    source_apis.check_fetches("store", "")  # the file does not know it
    with pytest.raises(CliError, match="nothing is fetched from 'wms': webhooks of generic_wms say all") as caught:
        source_apis.check_fetches("wms", "generic_wms")
    assert "bigcommerce" in caught.value.remedy
