"""Explained prices as people read them: sentences, and one table of the rules with who approved them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from crossdock_cli.output import table
from crossdock_cli.price_drafts import document_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from rich.console import Console

_WHO: Final = ("customer", "ship_to", "channel", "job")
_RULES: Final = ("rule", ">version", "contract", "says", "from", "to", "sent", "by", "approved by", "approved", "now")


def quote(console: Console, document: Mapping[str, Any]) -> None:
    """A quote's chain: who was told what and when, each line's steps, and the rules behind them."""
    for sentence in (*_heading(document), *(s for line in document["lines"] for s in _line(line))):
        console.print(sentence, markup=False)
    rules(console, document["rules"])
    console.print(f"\nits way through the functions: crossdock trace {document['correlation_id']}", markup=False)


def rules(console: Console, found: Mapping[str, Mapping[str, Any]]) -> None:
    """The rules that amounts come from, as the ledger has them."""
    if found:
        console.print("\nrules behind these amounts", markup=False)
        console.print(table(_RULES, [_rule(name, history) for name, history in found.items()]), markup=False)


def _heading(document: Mapping[str, Any]) -> Iterator[str]:
    who = ", ".join(f"{name} {document[name]}" for name in _WHO if name in document) or "no customer named"
    yield f"quote {document['quote_id']} for {who}, asked by {document['partner']}"
    known = f", as known at {document['known_at']}" if "known_at" in document else ""
    yield f"  prices of {document['at']}{known}, in {document['currency']}"
    ends = f", stands until {document['expires_at']}" if "expires_at" in document else ", no promise"
    total = f"{document['totals']['total']} {document['currency']}"
    yield f"  answered {document['made_at']}: total {total}{ends}: {document['status']}"
    for note in document.get("notes", ()):
        yield f"  note: {note}"


def _line(line: Mapping[str, Any]) -> Iterator[str]:
    yield f"\nline {line['line']}"
    yield from line.get("explanation", [f"  {line['reason']}"])
    again = line["recomputed"]
    if again["equal"]:
        yield f"  recomputed from its trace: equal (hash {line['hash']})"
    else:
        problem = again.get("problem") or f"{', '.join(again['differs'])} come out otherwise"
        yield f"  recomputed from its trace: NOT EQUAL: {problem}"
    if "today" in line:
        yield from _today(line)


def _today(line: Mapping[str, Any]) -> Iterator[str]:
    now, currency = line["today"], line["currency"]
    if "unit_price" not in now:
        yield f"  today: {now['status']}: {now.get('problem') or now['reason']}"
        return
    said = f"  today: {now['unit_price']} {currency} per {line['unit']}, line {now['extended_price']} {currency}"
    rules_ = f", by {' + '.join(now['rules'])}"
    if "difference" not in now:
        yield f"{said}{rules_}; then it had no price"
    elif _zero(now["difference"]["total"]) and _zero(now["difference"]["unit_price"]):
        yield f"{said}: the same{rules_}"
    else:
        differs = now["difference"]
        yield f"{said}: {differs['unit_price']} per {line['unit']}, {differs['extended_price']} on the line{rules_}"


def _zero(amount: str) -> bool:
    return not amount.strip("+-0.")


def _rule(name: str, history: Mapping[str, Any]) -> tuple[object, ...]:
    version = history["version"]
    if version is None:
        return name, "", "", "is not in the ledger", "", "", "", "", "", "", ""
    rule = version["rule"]
    approval = rule.get("approval", {})
    return (
        f"{version['source']}:{version['rule_id']}",
        version["version"],
        rule.get("contract"),
        document_value(rule),
        rule.get("valid_from"),
        rule.get("valid_to"),
        version["recorded_at"],
        version["by"] or version["source"],
        _approved_by(version, approval),
        version["approved_at"] or approval.get("at"),
        _now(history),
    )


def _approved_by(version: Mapping[str, Any], approval: Mapping[str, Any]) -> str:
    by = version["approved_by"] or approval.get("by") or ""
    reference = version["reference"] or approval.get("reference")
    return f"{by} ({reference})" if reference else by


def _now(history: Mapping[str, Any]) -> str:
    if history["counts"]:
        return "counts"
    newest = history["newest"]
    if newest is None:
        return "withdrawn" if history["version"]["rule"].get("withdrawn") else history["version"]["status"]
    ended = "withdrawn by" if newest["rule"].get("withdrawn") else "replaced by"
    return f"{ended} version {newest['version']}"
