"""The rules behind a price as the ledger has them: what each version says, who approved it, and what came after it."""

from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final

from crossdock.flows.price_rule_answers import version_document
from crossdock.pricing.ledger import Ledger, Version

_READERS: Final = 8


def histories(ledger: Ledger, rules: Iterable[str]) -> dict[str, dict[str, Any]]:
    """By "source:rule_id@version": that version, whether it counts now, and the newest one that does.

    `version` is None for one that the ledger does not have. A query for each rule, several at a time.
    """
    wanted = dict.fromkeys(rules)
    names = list(dict.fromkeys(_split(rule)[0] for rule in wanted))
    with ThreadPoolExecutor(_READERS) as pool:
        found = dict(zip(names, pool.map(ledger.versions, names), strict=True))
    return {rule: _history(*_split(rule), found) for rule in wanted}


def _split(rule: str) -> tuple[str, int]:
    name, _, version = rule.rpartition("@")
    return name, int(version)


def _history(name: str, version: int, found: Mapping[str, list[Version]]) -> dict[str, Any]:
    versions = found[name]
    own = next((v for v in versions if v.rule.version == version), None)
    newest = max((v for v in versions if v.status == "approved"), key=lambda v: v.rule.version, default=None)
    return {
        "version": None if own is None else version_document(own),
        "counts": newest is not None and newest is own and not own.rule.withdrawn,
        "newest": None if newest is None or newest is own else version_document(newest),
    }
