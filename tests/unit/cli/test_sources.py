"""`crossdock sources add`: one table at the end of a file that stays valid, and nothing else changed."""

from __future__ import annotations

import json
import tomllib
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock.config.compile import compile_file
from crossdock.contracts.deliveries import HttpAnswer
from crossdock.exchange.schemes import SCHEMES, Form, Incoming, SignatureRefusedError, verify
from crossdock.platform.clock import system_clock
from crossdock_cli import source_files, source_trials
from crossdock_cli.errors import CliError
from crossdock_cli.local.paths import checkout
from crossdock_cli.main import app

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

pytestmark = pytest.mark.unit

CONNECTOR = "generic_erp"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "mine.toml"
    path.write_text((checkout() / "config" / "distributor.toml").read_text())
    return path


@pytest.mark.parametrize("scheme", sorted(set(SCHEMES) - {"generic-hmac"}))
def test_a_source_of_every_scheme_can_be_added_and_is_added_once(scheme: str, file: Path) -> None:
    before = file.read_text()

    assert source_files.add(file, "shop", scheme, CONNECTOR, "") is True
    assert file.read_text() == f'{before}\n[sources.shop]\nconnector = "generic_erp"\nscheme = "{scheme}"\n'
    assert compile_file(file)["sources"]["shop"]["scheme"] == scheme
    after = file.read_text()
    assert source_files.add(file, "shop", scheme, CONNECTOR, "") is False
    assert file.read_text() == after


def test_a_signature_of_its_own_is_written_as_a_table(file: Path, tmp_path: Path) -> None:
    form = tmp_path / "form.toml"
    form.write_text('header = "X-Sig"\ncontent = "{timestamp}.{body}"\ntimestamp = "X-When"\nprefix = "v=\\""\n')

    source_files.add(file, "odd", "generic-hmac", CONNECTOR, str(form))

    source = tomllib.loads(file.read_text())["sources"]["odd"]
    assert source["hmac"]["prefix"] == 'v="'
    assert Form(**compile_file(file)["sources"]["odd"]["hmac"]).header == "x-sig"


@pytest.mark.parametrize(
    ("name", "scheme", "connector", "hmac", "said"),
    [
        ("erp", "shopify", CONNECTOR, "", "is there already, with the scheme standard-webhooks"),
        ("Shop", "shopify", CONNECTOR, "", "sources.Shop"),
        ("a b", "shopify", CONNECTOR, "", "cannot be added"),
        ("crossdock", "shopify", CONNECTOR, "", "the name is taken"),
        ("shop", "shopify", "nobody", "", "there is no connector 'nobody'"),
        ("shop", "stripe", "", "", "goes with no connector of its own"),
        ("shop", "generic-hmac", CONNECTOR, "", "is described by a file"),
        ("shop", "generic-hmac", CONNECTOR, "/nowhere", "/nowhere cannot be used"),
    ],
)
def test_what_cannot_be_added_leaves_the_file_as_it_is(
    name: str, scheme: str, connector: str, hmac: str, said: str, file: Path
) -> None:
    before = file.read_text()

    with pytest.raises(CliError) as caught:
        source_files.add(file, name, scheme, connector, hmac)

    assert said in caught.value.message
    assert caught.value.remedy
    assert file.read_text() == before


def test_the_command_says_what_is_next_where_nothing_is_deployed(file: Path, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setenv("CROSSDOCK_HOME", str(tmp_path))
    monkeypatch.setattr("crossdock_cli.sources._deployed", lambda *_: None)
    given = ["sources", "add", "shop", "--scheme", "shopify", "--connector", CONNECTOR, "--file", str(file), "--json"]
    done = CliRunner().invoke(app, given)

    document = json.loads(done.stdout)
    assert (done.exit_code, document["added"], document["deployed"], document["signing_secret"]) == (
        0,
        True,
        False,
        None,
    )
    assert document["next"][0] == "make local"
    assert "delete the subscription" in document["vendor"]["stops"]


@pytest.mark.parametrize("scheme", sorted(SCHEMES))
def test_a_trial_is_good_where_the_source_takes_what_is_proven_and_nothing_else(scheme: str) -> None:
    source = {"scheme": scheme}
    if scheme == "generic-hmac":
        source["hmac"] = {"header": "x-sig", "content": "{timestamp}.{body}", "timestamp": "x-when"}  # type: ignore[assignment]  # the one that is a table
    secrets = {"salesforce-outbound": ["00D5e000000KQ2eEAG:s", "00D5e000000KQ2fEAG"]}.get(
        scheme, ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD"]
    )
    form = Form(**source["hmac"]) if "hmac" in source else None  # type: ignore[arg-type]  # as above
    refused = 429 if scheme == "business-central" else 400 if scheme == "stripe" else 401

    def post(url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        assert headers["x-crossdock-test"] == "1"
        try:
            verify(scheme, Incoming.of("POST", url, headers.items(), body), secrets, system_clock(), 300, form)
        except SignatureRefusedError as exc:
            return HttpAnswer(refused, json.dumps({"detail": str(exc)}).encode())
        return HttpAnswer(200, b'{"test": "accepted"}')

    trials = source_trials.run(post, "https://x.example/webhooks/shop", source, secrets, system_clock())
    assert [t.good for t in trials] == [True] * len(trials)
    assert [t.status for t in trials[:3]] == [200, 200, refused]
    down = source_trials.run(
        lambda *_: HttpAnswer(0, detail="refused"), "https://x.example", source, secrets, system_clock()
    )
    assert not any(t.good for t in down)


@pytest.mark.parametrize(
    ("scheme", "secret", "problem"),
    [
        ("standard-webhooks", "hello", "is empty or not `whsec_` + base64"),
        ("svix", "whsec_", "is empty or not `whsec_` + base64"),
        ("salesforce-outbound", "nobody", "is not <organisation id>"),
        ("shopify", "shpss_1", None),
        ("business-central", "any text", None),
    ],
)
def test_a_secret_that_nothing_could_be_proven_by_is_refused_before_anything_is_written(
    scheme: str, secret: str, problem: str | None, file: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("crossdock_cli.sources._deployed", lambda *_: None)
    before = file.read_text()
    done = CliRunner().invoke(
        app,
        [
            *["sources", "add", "shop", "--scheme"],
            scheme,
            "--connector",
            CONNECTOR,
            "--secret",
            secret,
            "--file",
            str(file),
        ],
    )

    if problem is None:
        assert done.exit_code == 0, done.output
        return
    assert isinstance(done.exception, CliError)
    assert problem in done.exception.message
    assert done.exception.message.endswith("; nothing was set")
    assert SCHEMES[scheme].secret in done.exception.remedy
    assert file.read_text() == before


class Deployed:
    """A local stage with the source wms, which has one secret."""

    stage = "local"
    api_url = "http://127.0.0.1:9"

    def __init__(self, secret: str) -> None:
        self.document: dict[str, Any] = {"signing_secrets": [secret]}

    def secret_names(self, kind: str) -> list[str]:
        assert kind == "sources"
        return ["wms"]

    def secret_document(self, kind: str, name: str) -> dict[str, Any]:
        assert (kind, name) == ("sources", "wms")
        return self.document


@pytest.mark.parametrize(
    ("arguments", "problem", "remedy"),
    [
        (["rotate", "wms", "--secret", "hello"], "--secret cannot be used: a signing secret is empty", "as the vendor"),
        (["test", "wms"], "source 'wms': a signing secret is empty or not", "crossdock sources rotate wms, then"),
        (["test", "erp"], "source 'erp' is not deployed yet", "deploy it: make local"),
    ],
)
def test_a_source_that_cannot_prove_anything_is_said_with_the_remedy(
    arguments: list[str], problem: str, remedy: str, file: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("crossdock_cli.sources.connect", lambda _: Deployed("hello"))

    done = CliRunner().invoke(app, ["sources", *arguments, "--file", str(file)])

    assert isinstance(done.exception, CliError), done.output
    assert problem in done.exception.message
    assert remedy in done.exception.remedy
