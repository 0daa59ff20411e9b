"""`crossdock price quote` and `price diff`: what a pricing manager sees, and is told of a file that cannot be used."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from crossdock_cli.errors import CliError
from crossdock_cli.output import console
from crossdock_cli.price import app
from crossdock_cli.price_offline.documents import InputError, read_model
from tests.support.price_examples import examples, seen

pytestmark = pytest.mark.unit

SAMPLES = Path(__file__).parents[3] / "docs" / "examples"
MODEL: dict[str, Any] = json.loads((SAMPLES / "price-model.json").read_text())
CONTEXT = {"customer": "CORNER", "at": "2026-06-15", "item": "LANTERN", "quantity": 20}


def run(*arguments: str, stdin: str | bytes | None = None) -> tuple[int, str, CliError | None]:
    """(exit code, standard output, the failure that the command ends with)."""
    result = CliRunner().invoke(app, list(arguments), input=stdin)
    if isinstance(result.exception, CliError):
        return result.exception.exit_code, result.stdout, result.exception
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, result.stdout, None


def put(folder: Path, name: str, document: object) -> str:
    """A file with a document, or with bytes or a text as they are."""
    file = folder / name
    raw = document if isinstance(document, str | bytes) else json.dumps(document)
    file.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return str(file)


def quoted(folder: Path, model: object = MODEL, context: object = CONTEXT, *options: str) -> tuple[int, Any]:
    """(exit code, answer as JSON)."""
    files = ("--rules", put(folder, "model.json", model), "--context", put(folder, "context.json", context))
    code, out, failure = run("quote", *files, "--json", *options)
    assert failure is None, failure
    return code, json.loads(out)


def refused(folder: Path, model: object = MODEL, context: object = CONTEXT) -> InputError:
    files = ("--rules", put(folder, "model.json", model), "--context", put(folder, "context.json", context))
    code, out, failure = run("quote", *files)
    assert isinstance(failure, InputError)
    assert (code, out) == (2, "")
    return failure


def changed(**fields: Any) -> dict[str, Any]:
    """The sample model with its first rule changed."""
    first, *others = MODEL["rules"]
    return {**MODEL, "rules": [{**first, **fields}, *others]}


# -- what it answers -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("example", examples()[::12], ids=lambda e: e.id)
def test_the_command_gives_the_worked_prices(tmp_path: Path, example: Any) -> None:
    code, found = quoted(tmp_path, example.model, example.context, "--explain")

    assert [seen(line, e) for line, e in zip(found["lines"], example.expected, strict=True)] == example.expected
    assert code == (0 if all(line["status"] == "PRICED" for line in found["lines"]) else 1)


def test_one_context_is_answered_by_an_object_and_several_by_a_list(tmp_path: Path) -> None:
    _, alone = quoted(tmp_path)
    _, several = quoted(tmp_path, MODEL, [CONTEXT, {**CONTEXT, "quantity": 24}])
    _, listed = quoted(tmp_path, MODEL, [CONTEXT])

    assert alone["lines"][0]["unit_price"] == "3.80"
    assert [answer["lines"][0]["unit_price"] for answer in several] == ["3.80", "3.42"]
    assert listed == [alone]


def test_the_same_files_give_the_same_answer_to_the_last_byte(tmp_path: Path) -> None:
    assert quoted(tmp_path) == quoted(tmp_path)


def test_a_list_of_rules_alone_is_a_model(tmp_path: Path) -> None:
    rule = {**MODEL["rules"][0], "valid_from": "2026-01-01T00:00:00Z"}
    code, found = quoted(
        tmp_path, [rule], {"item": "LANTERN", "quantity": 24, "currency": "GBP", "at": "2026-06-15T00:00:00Z"}
    )

    assert (code, found["lines"][0]["unit_price"], found["lines"][0]["extended_price"]) == (0, "3.60", "86.40")


def test_a_line_without_a_price_ends_with_1_and_has_no_amount(tmp_path: Path) -> None:
    lines = [{"item": "LANTERN", "quantity": 1}, {"item": "UNHEARD-OF", "quantity": 1}]
    code, found = quoted(tmp_path, MODEL, {"currency": "GBP", "at": "2026-06-15", "lines": lines})

    assert code == 1
    assert [line["status"] for line in found["lines"]] == ["PRICED", "NO_PRICE"]
    assert found["lines"][1].keys().isdisjoint({"unit_price", "extended_price", "total", "price"})
    assert found["unpriced"] == ["2"]
    assert found["totals"]["total"] == "4.00"
    assert found["notes"] == ["item UNHEARD-OF is neither in the model nor named by a rule"]


@pytest.mark.parametrize("which", ["--rules", "--context"])
def test_one_of_the_files_may_be_standard_input(tmp_path: Path, which: str) -> None:
    documents = {"--rules": MODEL, "--context": CONTEXT}
    arguments = [
        part
        for option, document in documents.items()
        for part in (option, "-" if option == which else put(tmp_path, option.strip("-"), document))
    ]

    code, out, _ = run("quote", *arguments, "--json", stdin=json.dumps(documents[which]))

    assert (code, json.loads(out)["lines"][0]["unit_price"]) == (0, "3.80")


def test_a_byte_order_mark_does_no_harm(tmp_path: Path) -> None:
    assert quoted(tmp_path, b"\xef\xbb\xbf" + json.dumps(MODEL).encode())[0] == 0


@pytest.fixture(autouse=True)
def _wide(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(console, "width", 200)  # whatever COLUMNS says where the tests run


def test_the_table_shows_prices_with_rules_and_reasons_and_explains_on_request() -> None:
    files = ("--rules", str(SAMPLES / "price-model.json"), "--context", str(SAMPLES / "price-contexts.json"))
    code, out, _ = run("quote", *files, "--explain")

    assert code == 0
    assert "1. customer WALKIN, at 2026-06-15 00:00 Europe/London, GBP" in out
    assert "total 119.90 GBP (extended 119.90, surcharges 0.00, freight 0.00)" in out
    assert "floor floor-lights version 1: not below about 3.181818 GBP per EA (no light below a margin of 12 %)" in out
    assert "not floor-lights version 1: the price is not below it" in out
    assert "not buildco-lantern version 3, contract K-2026-04: its parent is another" in out


def test_cost_and_margin_are_shown_when_they_are_asked_for(tmp_path: Path) -> None:
    assert quoted(tmp_path)[1]["lines"][0].keys().isdisjoint({"cost", "margin", "rebates", "trace"})

    line = quoted(tmp_path, MODEL, CONTEXT, "--show-margin")[1]["lines"][0]
    assert line["cost"] == {"per_base_unit": "2.8", "line": "56.00"}
    assert line["margin"] == {"line": "20.00", "percent": "26.32"}
    assert line["rebates"] == []


# -- what a change would do ------------------------------------------------------------------------------------

BOTH = ("--rules", str(SAMPLES / "price-model.json"), "--rules", str(SAMPLES / "price-model-new.json"))


def test_a_comparison_shows_old_and_new_by_line() -> None:
    code, out, _ = run("diff", *BOTH, "--contexts", str(SAMPLES / "price-contexts.json"), "--json")
    found = json.loads(out)

    assert code == 0
    assert [line["changed"] for line in found["lines"]] == [False, False, False, True, False]
    line = found["lines"][3]
    assert (line["context"], line["customer"], line["quantity"]) == (2, "CORNER", 24)
    assert (line["old"]["unit_price"], line["new"]["unit_price"]) == ("3.42", "3.19")
    assert (line["difference"], line["difference_percent"], line["total_difference"]) == ("-5.52", "-6.7", "-5.52")
    assert line["old"]["rules"] == ["list-lantern@1", "trade-lights@1"]
    assert line["new"]["rules"] == ["list-lantern@1", "trade-lights@2", "floor-lights@1"]
    sums = {"old": "246.76", "new": "241.24", "difference": "-5.52"}
    assert found["summary"] == {"lines": 5, "changed": 1, "without_price": 0, "compared": 5, "totals": {"GBP": sums}}
    assert Decimal(sums["new"]) - Decimal(sums["old"]) == Decimal(sums["difference"])


def test_a_comparison_as_a_table_can_show_the_changes_alone() -> None:
    code, out, _ = run("diff", *BOTH, "--contexts", str(SAMPLES / "price-contexts.json"), "--changed")

    assert code == 0
    assert "CORNER" in out
    assert "WALKIN" not in out
    assert "1 of 5 lines change, 0 have no price" in out
    assert "GBP: 246.76 before, 241.24 after, difference -5.52" in out


def test_a_change_that_takes_a_price_away_ends_with_1(tmp_path: Path) -> None:
    new = put(tmp_path, "new.json", changed(withdrawn=True))
    old, asked = str(SAMPLES / "price-model.json"), put(tmp_path, "asked.json", CONTEXT)
    code, out, _ = run("diff", "--rules", old, "--rules", new, "--contexts", asked, "--json")
    found = json.loads(out)

    assert code == 1
    assert found["lines"][0]["new"]["status"] == "NO_PRICE"
    assert found["lines"][0]["difference"] is None
    assert found["summary"]["totals"] == {}


def test_a_comparison_says_which_lines_its_sums_are_of(tmp_path: Path) -> None:
    new = put(tmp_path, "new.json", changed(withdrawn=True))
    lines = [{"item": "LANTERN", "quantity": 1}, {"item": "CANDLE", "quantity": 1}, {"item": "CANDEL", "quantity": 1}]
    asked = put(tmp_path, "asked.json", {"customer": "WALKIN", "at": "2026-06-15", "lines": lines})
    _, out, _ = run("diff", "--rules", str(SAMPLES / "price-model.json"), "--rules", new, "--contexts", asked)

    assert "GBP: 0.95 before, 0.95 after, difference 0.00\nthese are the sums of the 1 lines" in out


def test_a_comparison_names_the_rules_by_which_a_context_has_no_price(tmp_path: Path) -> None:
    new = put(tmp_path, "new.json", {**MODEL, "items": []})
    asked = put(tmp_path, "asked.json", {**CONTEXT, "unit": "CS"})
    _, _, failure = run("diff", "--rules", str(SAMPLES / "price-model.json"), "--rules", new, "--contexts", asked)

    assert failure is not None
    assert failure.message == f"{asked} (priced by {new}): unit is CS, and LANTERN has only EA"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["diff", "--rules", "a", "--contexts", "b"], "--rules is given once"),
        (["diff", "--rules", "a", "--rules", "b", "--rules", "c", "--contexts", "d"], "--rules is given 3 times"),
        (["diff", "--rules", "-", "--rules", "b", "--contexts", "-"], "standard input can be one of the files only"),
        (["quote", "--rules", "-", "--context", "-"], "standard input can be one of the two files only"),
        (["quote", "--rules", "/no/such/file", "--context", "b"], "/no/such/file cannot be read: No such file"),
        (["quote", "--rules", "/", "--context", "b"], "/ cannot be read: Is a directory"),
    ],
)
def test_files_that_cannot_be_read_are_named(arguments: list[str], message: str) -> None:
    code, _, failure = run(*arguments)

    assert code == 2
    assert isinstance(failure, InputError)
    assert message in failure.message
    assert failure.remedy


def test_a_closed_standard_input_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", None)

    with pytest.raises(InputError, match="standard input is closed"):
        read_model("-")


# -- files that cannot be used ---------------------------------------------------------------------------------

TIERS = [{"min_quantity": 1, "value": "4.00"}]


@pytest.mark.parametrize(
    ("model", "said", "remedy"),
    [
        ("{", "line 1, column 2: Expecting property name", "one JSON document"),
        ("", "is empty", "docs/pricing.md"),
        ('"x"', "is neither an object nor a list of rules", "docs/schemas/"),
        ("[NaN]", "rules[0]: Input should be an object", "send an object"),
        (b"\xff\xfe{}", "byte 1 is not UTF-8", "UTF-8"),
        ("[" * 100_000, "is nested too deeply", "docs/pricing.md"),
        ("9" * 5000, "is neither an object nor a list of rules", "docs/schemas/"),
        (changed(tiers=[{"value": float("nan")}]), "rules[0].tiers[0].value is not a text", '"2.55"'),
        (changed(tiers=[{"value": 10**50}]), "rules[0].tiers[0].value is not a text", '"2.55"'),
        (changed(version=10**50), "rules[0].version: Input should be", ""),
        (changed(rule_id=float("inf")), "rules[0].rule_id is not a text", "in quotes"),
        ('{"rules": [], "rules": []}', "the field 'rules' stands twice", "mend it"),
        ({}, "rules: Field required", "send this field"),
        ({"rules": {}}, "rules: Input should be a valid array", "send a list"),
        ({"prices": []}, "prices: Extra inputs", "did you mean rules?"),
        (CONTEXT, "is a context and no price model", "wrong way round"),
        (["x"], "rules[0]: Input should be an object", "send an object"),
        ([{"rule_id": "a"}], "rules[0].version: Field required", "send this field"),
        (changed(version=1.5), "rules[0].version: Input should be a valid integer", "whole number"),
        (changed(rule_id="a#b"), "rules[0].rule_id is not 1 to 100", "leave out what does not fit"),
        (changed(tiers=[{"min_quantity": 1, "value": 4.0}]), "rules[0].tiers[0].value is not a text", '"2.55"'),
        (changed(tiers=[{"min_quantity": 1, "price": "4"}]), "tiers[0].price: Extra inputs", "did you mean value?"),
        (changed(tiers=[{"min_quantity": -1, "value": "4"}]), "rules[0].tiers[0].min_quantity is below 0", "from 0 up"),
        (changed(tiers=[*TIERS, *TIERS]), "rules[0].tiers[1].min_quantity is 1", "rise"),
        (changed(tiers=[]), "rules[0].tiers: List should have at least 1", "send at least one"),
        (changed(currency="gbp"), "rules[0].currency gbp is no currency", '"GBP"'),
        (changed(currency=None), "rules[0].currency is missing", "ISO 4217"),
        (changed(layer="list"), "rules[0].layer: Input should be 'job'", "one of the values"),
        (
            changed(layer="customer_item"),
            "rules[0].layer is customer_item, and the scope is one of base_list",
            "names a",
        ),
        (changed(operation="percent"), "rules[0].layer is missing: percent makes no base price", "discount"),
        (changed(layer="floor", operation="multiple"), "rules[0].operation is multiple", "fixed, cost_plus or margin"),
        (
            changed(operation="margin", currency=None, tiers=[{"value": "100"}]),
            "tiers[0].value is 100 percent",
            "cost_plus",
        ),
        (changed(operation="multiple"), "rules[0].of is list, which is no weaker level", "cost"),
        (changed(scope={"ship_to": "S"}), "rules[0].scope.customer is missing", "name the customer"),
        (changed(scope={"family": "LIGHTS"}), "rules[0].scope.family stands beside an item", "item or the family"),
        (changed(scope={"customers": ["A"]}), "scope.customers: Extra inputs", "did you mean customer?"),
        (changed(tier_basis="mix_group"), "rules[0].mix_group is missing", "name the mix group"),
        (changed(band=5), "rules[0].band belongs to discounts", "leave it out"),
        (changed(layer="waiver"), "rules[0].waives is missing", "rule_id of the guard"),
        (changed(valid_from="01.03.2026"), "rules[0].valid_from is neither an instant", '"2026-03-01"'),
        (changed(valid_from="2026-02-30"), "rules[0].valid_from: 2026-02-30 is no day of the calendar", "correct it"),
        (
            changed(valid_from="2026-03-01T00:00:00"),
            "rules[0].valid_from is neither an instant",
            "2026-03-01T00:00:00Z",
        ),
        (changed(valid_to="2025-01-01"), "rules[0].valid_to must lie after valid_from", "later"),
        (
            changed(valid_from="2026-03-29T23:30:00Z", valid_to="2026-03-30"),
            "rules[0].valid_to must lie after",
            "later",
        ),
        (
            changed(valid_to="2027-01-01", valid_through="2026-12-31"),
            "rules[0].valid_through stands beside",
            "one of them",
        ),
        (
            changed(valid_through="9999-12-31"),
            "rules[0].valid_through: 9999-12-31 lies outside",
            "never ends has no end",
        ),
        (changed(valid_form="2026-01-01"), "rules[0].valid_form: Extra inputs", "did you mean valid_from?"),
        ({**MODEL, "time_zone": "Berlin"}, "time_zone: 'Berlin' is no time zone", "Europe/London"),
        ({"rules": MODEL["rules"]}, "time_zone is missing: rules[0].valid_from is a business date", "add time_zone"),
        (
            {**MODEL, "rules": MODEL["rules"] * 2},
            "rules[7].version list-lantern@1 stands in the file twice",
            "leave one",
        ),
        (
            {**MODEL, "rules": [*MODEL["rules"], {**MODEL["rules"][0], "version": 2, "item": "CANDLE"}]},
            "rules[7].scope is about item CANDLE, and version 1 of list-lantern is about item LANTERN",
            "rule_id of its own",
        ),
        ({**MODEL, "settings": {"rounding": "HALF_UP"}}, "settings.rounding: Input should be 'half_up'", "one of"),
        ({**MODEL, "settings": {"levels": {"list": "FIRST"}}}, "settings.levels.list", "one of the values"),
        ({**MODEL, "items": [{"item": "A", "units": {"CS": 0}}]}, "items[0].units.CS is no exact number", '"1/4"'),
        (
            {**MODEL, "customers": [{"customer": "A"}] * 2},
            "customers[1].customer: A stands in the file twice",
            "leave one",
        ),
    ],
)
def test_a_model_that_cannot_be_used_is_told_by_field_and_remedy(
    tmp_path: Path, model: object, said: str, remedy: str
) -> None:
    failure = refused(tmp_path, model)

    assert "model.json: " in failure.message
    assert said in failure.message
    assert remedy in failure.message + failure.remedy


@pytest.mark.parametrize(
    ("context", "said", "remedy"),
    [
        ([], "holds no context", "at least one"),
        ("5", "is neither an object nor a list of objects", "docs/pricing.md"),
        (MODEL, "is a price model and no context", "wrong way round"),
        ([CONTEXT, 5], "[1]: Input should be an object", "send an object"),
        ({"customer": "CORNER"}, "lines is missing", "item and quantity"),
        ([CONTEXT, {**CONTEXT, "quantity": None}], "[1].quantity is missing", "how much"),
        ({**CONTEXT, "quantity": "many"}, "quantity is neither a whole number", '"2.5"'),
        ({**CONTEXT, "quantity": 2.5}, "quantity is neither a whole number", '"2.5"'),
        ({**CONTEXT, "quantity": -1}, "quantity is below 0", "from 0 up"),
        ({**CONTEXT, "quantity": 10**9 + 1}, "quantity is above 1,000,000,000", "send less"),
        ({**CONTEXT, "quantity": 10**50}, "quantity is neither a whole number", '"2.5"'),
        ({**CONTEXT, "quantity": float("nan")}, "quantity is neither a whole number", '"2.5"'),
        ({**CONTEXT, "at": "0001-01-01T00:00:00Z"}, "at: 0001-01-01T00:00:00Z lies outside", "a real date"),
        ({**CONTEXT, "known_at": "9999-12-31T23:59:59Z"}, "known_at: 9999-12-31T23:59:59Z lies outside", "a real date"),
        ({**CONTEXT, "quantity": 0}, "quantity is 0", "leave the line out"),
        ({**CONTEXT, "qty": 1}, "qty: Extra inputs", "did you mean quantity?"),
        ({**CONTEXT, "unit": "PALLET"}, "unit is PALLET, and LANTERN has only EA, CS", "PALLET"),
        ({**CONTEXT, "customer": "NEW"}, "currency is missing", '"GBP"'),
        ({**CONTEXT, "currency": "POUND"}, "currency: POUND is no currency", '"GBP"'),
        ({**CONTEXT, "at": "15.06.2026"}, "at is neither an instant", '"2026-03-01"'),
        ({**CONTEXT, "known_at": "yesterday"}, "known_at is neither an instant", '"2026-03-01"'),
        ({**CONTEXT, "channel": "Web Shop"}, "channel is no name of a channel", "webshop"),
        ({**CONTEXT, "segments": "trade"}, "segments: Input should be a valid array", "send a list"),
        ({**CONTEXT, "lines": [{"item": "CANDLE", "quantity": 1}]}, "item stands beside lines", "only one line"),
        ({"ship_to": "S", "item": "CANDLE", "quantity": 1}, "customer is missing", "name the customer"),
        (
            {
                "customer": "CORNER",
                "lines": [{"item": "CANDLE", "quantity": 1}, {"item": "CANDLE", "quantity": 1, "unit": "X"}],
            },
            "lines[1].unit is X, and CANDLE has only EA, CS",
            "add X to the item's units",
        ),
        (
            {"customer": "CORNER", "lines": [{"line": "a", "item": "CANDLE", "quantity": 1}] * 2},
            "lines[1].line is a, and another line is too",
            "name of its own",
        ),
    ],
)
def test_a_context_that_cannot_be_used_is_told_by_field_and_remedy(
    tmp_path: Path, context: object, said: str, remedy: str
) -> None:
    failure = refused(tmp_path, MODEL, context)

    assert "context.json: " in failure.message
    assert said in failure.message
    assert remedy in failure.message + failure.remedy


def test_a_business_date_needs_a_zone_in_the_context_too(tmp_path: Path) -> None:
    rule = {**MODEL["rules"][0], "valid_from": "2026-01-01T00:00:00Z"}
    failure = refused(tmp_path, [rule], {**CONTEXT, "currency": "GBP"})

    assert "context.json: at is the business date 2026-06-15, and the model names no time_zone" in failure.message


def test_many_faults_are_listed_up_to_twenty(tmp_path: Path) -> None:
    failure = refused(tmp_path, [{"rule_id": str(n)} for n in range(9)])

    assert "27 fields cannot be used" in failure.message
    assert failure.message.count("Field required") == 20
    assert failure.remedy == "and 7 more"


def test_as_a_process_it_needs_no_credentials_and_says_what_is_wrong_in_two_lines(tmp_path: Path) -> None:
    def crossdock(context: object) -> subprocess.CompletedProcess[str]:
        program = "from crossdock_cli.main import run; run()"
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
        files = ["--rules", str(SAMPLES / "price-model.json"), "--context", put(tmp_path, "c.json", context)]
        return subprocess.run(  # noqa: S603 - our own interpreter and our own words
            [sys.executable, "-c", program, "price", "quote", *files],
            env={**clean, "HOME": str(tmp_path), "COLUMNS": "200"},
            capture_output=True,
            text=True,
            check=False,
        )

    good, bad = crossdock(CONTEXT), crossdock({**CONTEXT, "quantity": 0})

    assert (good.returncode, good.stderr) == (0, "")
    assert "3.80" in good.stdout
    assert (bad.returncode, bad.stdout) == (2, "")
    assert bad.stderr.splitlines()[1:] == ["  send a quantity above 0, or leave the line out"]
