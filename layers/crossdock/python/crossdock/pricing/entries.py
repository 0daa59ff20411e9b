"""A rule's text on a sheet: less than a fifth of the bytes it has in the ledger, for a sheet is paid by the KB.

    version|currency|tiers|from|to|rest

What the row's key and the rule's name say already is left out, and so is what is as its default. Tiers are
`2.55,24:2.1` (the first from 1 on), instants are seconds since 1970 in base 36, and the rest is JSON with names of one
letter. Who recorded and approved the version, and when, stands in the ledger only.

    erp:LIST-1  3|GBP|2.55,24:2.1|t86ps0                                        a list price with a break: 34 bytes
    erp:SEG-7   1|GBP|2.4|t86ps0|tigcg0|{"s":{"s":"gold"}}                      one of a segment: 51 bytes
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from types import MappingProxyType
from typing import Any, Final

from crossdock.pricing.instants import instant_text
from crossdock.pricing.levels import RANKS, layer_of
from crossdock.pricing.rules import Rule
from crossdock.pricing.slots import Place, implied

_SHORT: Final = MappingProxyType(
    {
        "layer": "l",
        "operation": "o",
        "of": "f",
        "unit": "u",
        "scope": "s",
        "tier_mode": "m",
        "tier_basis": "t",
        "mix_group": "g",
        "per": "p",
        "band": "b",
        "concurrency": "c",
        "basis": "a",
        "allow_discounts": "d",
        "on_breach": "r",
        "waives": "v",
        "sequence": "q",
        "contract": "k",
        "reason": "e",
        "withdrawn": "w",
    }
)
_SHORT_SCOPE: Final = MappingProxyType(
    {
        "job": "j",
        "customer": "c",
        "ship_to": "t",
        "parent": "p",
        "segment": "s",
        "item": "i",
        "family": "f",
        "branch": "b",
        "region": "r",
        "freight_terms": "x",
        "channels": "h",
    }
)
_LONG: Final = MappingProxyType({short: name for name, short in _SHORT.items()})
_LONG_SCOPE: Final = MappingProxyType({short: name for name, short in _SHORT_SCOPE.items()})
_OF_A_PARENT: Final = "P"
_LEFT_OUT: Final = frozenset(
    {
        *("rule_id", "source", "version", "currency", "tiers", "valid_from", "valid_to"),
        *("recorded_at", "approval", "status", "scope", "layer"),
    }
)
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SECOND: Final = timedelta(seconds=1)
_DIGITS: Final = "0123456789abcdefghijklmnopqrstuvwxyz"


def rule_name(source: str, rule_id: str) -> str:
    """A rule among all sources' rules; a source's name has no colon."""
    return f"{source}:{rule_id}"


def version_of(text: str) -> int:
    """The version that an entry states."""
    return int(text.partition("|")[0])


def to_entry(rule: Rule, place: Place) -> str:
    """The rule's text in the row at `place`, which must be one where it may stand."""
    document = rule.document()
    rest = {_SHORT.get(name, name): value for name, value in document.items() if name not in _LEFT_OUT}
    if rule.layer not in RANKS or layer_of(None, rule.operation, rule.scope) != rule.layer:
        rest["l"] = rule.layer  # any other is told by the scope
    rest |= _scope_entry(document.get("scope", {}), implied(place))
    fields = (
        str(rule.version),
        rule.currency or "",
        ",".join(_tier(t["min_quantity"], t["value"]) for t in document["tiers"]),
        _to_short(rule.valid_from),
        _to_short(rule.valid_to),
        json.dumps(rest, separators=(",", ":"), ensure_ascii=False) if rest else "",
    )
    return "|".join(fields).rstrip("|")


def from_entry(name: str, text: str, place: Place) -> Rule:
    """The rule that `to_entry` wrote for the row at `place`."""
    version, currency, tiers, begins, ends, rest, *_ = (*text.split("|", 5), "", "", "")
    source, _, rule_id = name.partition(":")
    said: dict[str, Any] = json.loads(rest) if rest else {}
    document: dict[str, Any] = {"rule_id": rule_id, "version": int(version)}
    scope = _scope(said, implied(place))
    document |= {_LONG.get(short, short): value for short, value in said.items() if short not in {"s", _OF_A_PARENT}}
    document["tiers"] = [_pair(tier) for tier in tiers.split(",")]
    given = {"currency": currency, "valid_from": _from_short(begins), "valid_to": _from_short(ends), "scope": scope}
    return Rule.read(document | {k: v for k, v in given.items() if v}, source)


def _scope_entry(scope: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    """What the row's key does not say of a scope; of a party it says that it is the customer."""
    named = {_SHORT_SCOPE[n]: v for n, v in scope.items() if known.get(n) != v}
    if "customer" in known and "customer" not in scope:
        del named["p"]
        return {_OF_A_PARENT: 1} | ({"s": named} if named else {})
    return {"s": named} if named else {}


def _scope(said: Mapping[str, Any], known: Mapping[str, str]) -> dict[str, Any]:
    scope: dict[str, Any] = dict(known)
    if _OF_A_PARENT in said:
        scope["parent"] = scope.pop("customer")
    return scope | {_LONG_SCOPE[short]: value for short, value in said.get("s", {}).items()}


def _tier(quantity: int | str, value: str) -> str:
    return value if quantity == 1 else f"{quantity}:{value}"


def _pair(tier: str) -> tuple[int | str, str]:
    quantity, _, value = tier.rpartition(":")
    return (1 if not quantity else int(quantity) if quantity.isdigit() else quantity), value


def _to_short(instant: str | None) -> str:
    if instant is None:
        return ""
    seconds, rest = divmod(datetime.fromisoformat(instant) - _EPOCH, _SECOND)
    fraction = f"{rest.microseconds:06}".rstrip("0")
    return f"{'-' if seconds < 0 else ''}{_base36(abs(seconds))}{'.' if fraction else ''}{fraction}"


def _from_short(short: str) -> str | None:
    if not short:
        return None
    seconds, _, fraction = short.partition(".")
    return instant_text(_EPOCH + timedelta(seconds=int(seconds, 36), microseconds=int(fraction.ljust(6, "0") or 0)))


def _base36(number: int) -> str:
    text = ""
    while number:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
    return text or "0"
