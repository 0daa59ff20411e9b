"""A batch as one CSV file (RFC 4180), under a name made of its content: telling it again writes the same object.

A file says what is true of its items under a version that only grows: whoever reads several keeps the highest of each.
"""

import csv
import hashlib
import io
from collections.abc import Iterator, Mapping
from typing import Any, Final

from crossdock.contracts.deliveries import Answer, Batch, Need, Target, Value

NEEDS: Final[frozenset[Need]] = frozenset({"bucket"})

COLUMNS: Final[Mapping[str, tuple[str, ...]]] = {
    "availability": ("sku", "version", "available"),
    "price": (
        "sku",
        "version",
        "price_class",
        "currency",
        "unit",
        "from",
        "to",
        "min_quantity",
        "unit_price",
        "price",
        "per",
        "quote",
    ),
}
_OK: Final = 200
# What a spreadsheet takes for the beginning of a formula (OWASP, "CSV Injection").
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r", "\n")
_TEXTS: Final = frozenset({"sku", "price_class", "currency", "unit", "per"})


def deliver(batch: Batch, target: Target) -> Answer:
    """Writes the file. It is acknowledged when S3 has it: whether anybody fetches it is not known here."""
    body = _file(batch, target.settings)
    digest = hashlib.sha256(body).hexdigest()[:32]
    name = f"{target.settings['folder']}{batch.channel}/{batch.kind}/{digest}.csv"
    answer = target.store(name, body)
    if answer.status == _OK:
        return Answer("acknowledged")
    # Whatever keeps the bucket from being written is ours to mend, and says nothing against the values.
    return Answer("unavailable", f"{name} was not written: {answer.detail or f'HTTP {answer.status}'}")


def _file(batch: Batch, settings: Mapping[str, Any]) -> bytes:
    """UTF-8 without a mark, CRLF, a header line; the values in the order of their keys, whatever order they came in."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=settings["separator"], lineterminator="\r\n")
    columns = COLUMNS[batch.kind]
    writer.writerow(columns)
    for value in sorted(batch.values, key=lambda v: v.key):
        for row in _rows(batch.kind, value):
            writer.writerow([_field(name, row.get(name), safe=settings["spreadsheets"]) for name in columns])
    return text.getvalue().encode()


def _rows(kind: str, value: Value) -> Iterator[Mapping[str, Any]]:
    """One row of a quantity; of a price one for each window and break, or one that names no price."""
    head = {"sku": value.sku, "version": value.version, **value.fields}
    if kind == "availability":
        yield head
        return
    if not value.fields["windows"]:
        yield head
    for window in value.fields["windows"]:
        for tier in window["tiers"]:
            yield {**head, "from": window["from"], "to": window["to"], **tier}


def _field(name: str, value: Any, *, safe: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    return f"'{text}" if safe and name in _TEXTS and text.startswith(_FORMULA) else text
