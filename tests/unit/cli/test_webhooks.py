"""`crossdock webhooks verify`: verdict, reason and exit code; and the reasons that are found for a misfit."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from crossdock_cli.main import app
from crossdock_cli.webhooks import InputError
from tests.support.signed import HUBSPOT_SECRET, b64, hexed, samples

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.signed import Sample

pytestmark = pytest.mark.unit

ALL = samples()
GITHUB = ALL["github"]
BODY = b'{"id": 1, "name": "caf\xc3\xa9"}\n'


@pytest.fixture
def run(tmp_path: Path) -> Any:
    def runner(headers: dict[str, Any] | str, body: bytes, *options: str) -> tuple[int, Any]:
        text = headers if isinstance(headers, str) else json.dumps(headers)
        (tmp_path / "headers").write_bytes(text.encode())
        (tmp_path / "body").write_bytes(body)
        files = ["--headers", str(tmp_path / "headers"), "--body", str(tmp_path / "body")]
        done = CliRunner().invoke(app, ["webhooks", "verify", *options, *files, "--json"])
        if isinstance(done.exception, InputError):
            return done.exception.exit_code, f"{done.exception.message} | {done.exception.remedy}"
        assert done.exception is None or isinstance(done.exception, SystemExit)
        return done.exit_code, json.loads(done.stdout) if done.stdout.startswith("{") else done.output

    return runner


def options(sample: Sample, tmp_path: Path) -> list[str]:
    now = str(int(sample.now.timestamp()))
    given = ["--scheme", sample.scheme, "--secret", sample.secret, "--now", now, "--url", sample.incoming.url]
    if sample.form:
        form = tmp_path / "form.toml"
        form.write_text(
            'header = "X-Sig"\ncontent = "v0:{timestamp}:{id}:{body}"\nencoding = "hex"\nalgorithm = "sha512"\n'
            'prefix = "v0="\ntimestamp = "X-When"\nunit = "ms"\nid = "X-Id"\n'
        )
        given += ["--hmac", str(form)]
    return given


@pytest.mark.parametrize("name", sorted(ALL))
def test_a_good_delivery_of_every_scheme_is_accepted(name: str, run: Any, tmp_path: Path) -> None:
    sample = ALL[name]
    headers = {key: values[0] for key, values in sample.incoming.headers.items()}
    code, document = run(headers, sample.incoming.body, *options(sample, tmp_path))

    assert (code, document["verdict"], document["accepted"]) == (0, "accepted", True)
    assert document["delivery_id"].startswith(sample.delivery_id)


def test_headers_are_lines_or_an_object_with_several_values(run: Any) -> None:
    given = ["--scheme", "github", "--secret", GITHUB.secret]
    value = GITHUB.incoming.headers["x-hub-signature-256"][0]
    for headers in (
        f"Host: x.example\r\nx-hub-SIGNATURE-256:{value}  \r\n\r\n",
        f"POST /webhooks/x HTTP/1.1\nX-Hub-Signature-256: {value}",
        {"X-Hub-Signature-256": [value], "Content-Length": 13},
    ):
        assert run(headers, b"Hello, World!", *given)[0] == 0
    code, document = run({"X-Hub-Signature-256": [value, value]}, b"Hello, World!", *given)
    assert (code, document["reason"]["problem"]) == (1, "came 2 times")


def test_a_refusal_names_field_problem_and_remedy_and_says_when_nothing_fits(run: Any) -> None:
    headers = {key: values[0] for key, values in GITHUB.incoming.headers.items()}
    code, document = run(headers, b"Hello, World!", "--scheme", "github", "--secret", "other")

    assert code == 1
    assert document == {
        "verdict": "refused",
        "accepted": False,
        "scheme": "github",
        "reason": {
            "field": "x-hub-signature-256",
            "problem": "fits none of the active secrets",
            "remedy": "sign `body` over the exact bytes you send, with the secret you were given",
        },
        "hints": [
            (
                "nothing that was tried makes it fit: most likely it was signed with another secret, or the body is "
                "not the one that was sent"
            )
        ],
    }


def test_a_handshake_and_a_ping_are_answered(run: Any) -> None:
    url = "https://x.example/webhooks/erp?validationToken=abc%20d"
    code, document = run({}, b"", "--scheme", "business-central", "--secret", "s", "--url", url)
    assert (code, document["verdict"]) == (0, "answered")
    assert document["answer"] == {"status": 200, "content_type": "text/plain; charset=utf-8", "body": "abc d"}
    code, document = run({}, b"webhook_id=3", "--scheme", "woocommerce", "--secret", "s")
    assert (code, document["answer"]["status"]) == (0, 200)


def test_several_secrets_are_active_while_one_is_rotated(run: Any) -> None:
    headers = {key: values[0] for key, values in GITHUB.incoming.headers.items()}
    code, _ = run(headers, b"Hello, World!", "--scheme", "github", "--secret", "new", "--secret", GITHUB.secret)

    assert code == 0


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["--scheme", "nope"], "--scheme: 'nope'"),
        (["--scheme", "hubspot-v3"], "--url: hubspot-v3 signs the address"),
        (["--scheme", "generic-hmac"], "--hmac: generic-hmac is described by a file"),
        (["--scheme", "generic-hmac", "--hmac", "/nowhere"], "--hmac: /nowhere"),
        (["--scheme", "github", "--now", "yesterday"], "--now: 'yesterday' is no time"),
        (["--scheme", "github", "--now", "2026-11-21T08:00:00"], "names no offset"),
    ],
)
def test_an_option_that_cannot_be_used_ends_with_2(given: list[str], said: str, run: Any) -> None:
    code, message = run({}, b"", "--secret", "s", *given)

    assert code == 2
    assert said in message


@pytest.mark.parametrize("text", ["no colon here", "Bad Name: x", "{", '{"a": 1.5}', '{"a": {}}', ": x"])
def test_a_file_of_headers_that_cannot_be_read_ends_with_2(text: str, run: Any) -> None:
    code, message = run(text, b"", "--scheme", "github", "--secret", "s")

    assert code == 2
    assert "--headers" in message


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ('header = "X"\nalgorithm = "md5"', "algorithm"),
        ('content = "{body}"', "header"),
        ('header = "X"\ncontent = "{timestamp}.{body}"', "timestamp"),
        ('header = "X"\ntimestamp = "T"', "timestamp"),
        ('header = "X"\ncontent = "x"', "{body} must be signed"),
        ('header = "X"\ncontent = "{id}{body}"', "id"),
        ('header = "X"\ncontent = "{nonce}{body}"', "{nonce} is unknown"),
        ('header = "X"\nfoo = 1', "foo"),
        ("header = ", "--hmac"),
    ],
)
def test_a_description_of_a_signature_that_proves_nothing_ends_with_2(
    fields: str, said: str, run: Any, tmp_path: Path
) -> None:
    form = tmp_path / "form.toml"
    form.write_text(fields)
    code, message = run({}, b"", "--scheme", "generic-hmac", "--secret", "s", "--hmac", str(form))

    assert code == 2
    assert said in message


def of_standard(key: bytes, stamp: str = "1614265330", body: bytes = BODY, sep: bytes = b".") -> dict[str, str]:
    content = sep.join([b"msg_1", stamp.encode(), body])
    return {"webhook-id": "msg_1", "webhook-timestamp": stamp, "webhook-signature": "v1," + b64(key, content)}


COMPACT = json.dumps(json.loads(BODY), separators=(",", ":"), ensure_ascii=False).encode()
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
KEY = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")


@pytest.mark.parametrize(
    ("scheme", "secret", "headers", "body", "hint"),
    [
        ("github", "s", {"X-Hub-Signature-256": "sha256=" + hexed(b"s", BODY.strip())}, BODY,
         "the body has a trailing newline that was not signed"),
        ("github", "s", {"X-Hub-Signature-256": "sha256=" + hexed(b"s", BODY)}, BODY.strip(),
         "the body lacks the trailing newline that was signed"),
        ("github", "s", {"X-Hub-Signature-256": "sha256=" + hexed(b"s", COMPACT)}, BODY, "read and written again"),
        ("github", "s", {"X-Hub-Signature-256": "sha256=" + b64(b"s", BODY)}, BODY, "written in base64, not hex"),
        ("github", "s", {"X-Hub-Signature-256": hexed(b"s", BODY)}, BODY, "lacks sha256= in front"),
        ("github", "s", {"X-Hub-Signature-256": "sha256=" + hexed(b"s", BODY, "sha1")}, BODY, "made with SHA1"),
        ("github", "s\n", {"X-Hub-Signature-256": "sha256=" + hexed(b"s", BODY)}, BODY, "line end around it"),
        ("github", "s", {"X-Hub-Signature-256": "sha256=" + hexed(b"s", BODY.replace(b"\n", b"\r\n"))}, BODY, "CRLF"),
        ("github", "s", {"X-Hub-Signature-256": "sha256=zz"}, BODY, "no signature can be read"),
        ("shopify", "s", {"X-Shopify-Hmac-Sha256": hexed(b"s", BODY)}, BODY, "written in hex, not base64"),
        ("shopify", "6b6579", {"X-Shopify-Hmac-Sha256": b64(b"key", BODY)}, BODY, "the secret is hexadecimal"),
        ("shopify", "a2V5", {"X-Shopify-Hmac-Sha256": b64(b"key", BODY)}, BODY, "the secret is base64"),
        ("shopify", "s", {"X-Shopify-Hmac-Sha256": b64(b"s", b"")}, BODY, "an empty body was signed"),
        ("shopify", "s", {"X-Hub-Signature-256": "x"}, BODY, "try --scheme with one of github"),
        ("woocommerce", "a&amp;b", {"X-WC-Webhook-Signature": b64(b"a&b", BODY)}, BODY, "&amp;"),
        ("standard-webhooks", SECRET, of_standard(SECRET.encode()), BODY, "used as the text it is"),
        ("standard-webhooks", SECRET, of_standard(KEY, "1614265330000"), BODY, "in milliseconds"),
        ("standard-webhooks", SECRET, of_standard(KEY, "1614265330.5"), BODY, "not a whole number"),
        ("standard-webhooks", SECRET, of_standard(KEY, "1500000000"), BODY, "the signature itself fits"),
        ("bigcommerce", base64.b64encode(b"c").decode(), of_standard(b"c"), BODY, "the secret is base64"),
        ("stripe", "whsec_x", {"Stripe-Signature": "t=1614265330,v1=" + hexed(b"whsec_x", BODY)}, BODY,
         "what was signed is body"),
        ("stripe", "whsec_abcd", {"Stripe-Signature": "t=1614265330,v1=" + hexed(b"abcd", b"1614265330." + BODY)}, BODY,
         "used without whsec_"),
        ("hubspot-v1", HUBSPOT_SECRET, {"X-HubSpot-Signature": hexed(HUBSPOT_SECRET.encode(), BODY)}, BODY,
         "it is an HMAC, not a plain hash"),
    ],
)  # fmt: skip
def test_the_reason_of_a_misfit_is_found(
    scheme: str, secret: str, headers: dict[str, str], body: bytes, hint: str, run: Any
) -> None:
    code, document = run(headers, body, "--scheme", scheme, "--secret", secret, "--now", "1614265330")

    assert code == 1
    assert any(hint in found for found in document["hints"]), document["hints"]


@pytest.mark.parametrize(
    ("called", "hint"),
    [
        ("http://www.example.com/webhook_uri", "begins with https://"),
        ("https://www.example.com/webhook_uri/", "ends without a slash"),
        ("https://www.example.com/webhook_uri?a=1", "has no query"),
    ],
)
def test_the_address_that_was_signed_is_found(called: str, hint: str, run: Any) -> None:
    sample = ALL["hubspot-v3"]
    headers = {key: values[0] for key, values in sample.incoming.headers.items()}
    given = ["--scheme", "hubspot-v3", "--secret", HUBSPOT_SECRET, "--now", "15000", "--url", called]
    code, document = run(headers, sample.incoming.body, *given)

    assert code == 1
    assert any(hint in found for found in document["hints"])


def test_a_secret_that_cannot_be_one_is_named(run: Any) -> None:
    given = ["--scheme", "standard-webhooks", "--secret", "not base64!", "--now", "1614265330"]
    code, document = run(of_standard(KEY), BODY, *given)

    assert (code, document["reason"]["field"]) == (1, "secret")


def test_people_read_the_same_in_words(tmp_path: Path) -> None:
    (tmp_path / "h").write_text("X-Hub-Signature-256: sha256=" + hexed(b"s", BODY.strip()))
    (tmp_path / "b").write_bytes(BODY)
    files = ["--headers", str(tmp_path / "h"), "--body", str(tmp_path / "b")]
    done = CliRunner().invoke(app, ["webhooks", "verify", "--scheme", "github", "--secret", "s", *files])

    assert done.exit_code == 1
    assert done.stdout.splitlines() == [
        "refused  x-hub-signature-256: fits none of the active secrets",
        "  sign `body` over the exact bytes you send, with the secret you were given",
        "  hint: the body has a trailing newline that was not signed",
    ]
