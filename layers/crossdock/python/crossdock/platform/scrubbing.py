"""A person taken out of rows and bodies of any shape: texts, JSON within texts, packed bodies.

Keys of rows are never changed: what stands in one is named to whoever asked, to be ended by the system that gave it.
"""

import json
import re
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from crossdock.contracts.persons import Person, TakingOut
from crossdock.platform.writes import Update, When

_KEYS: Final = frozenset({"pk", "sk"})
_SHADOW: Final = "SH#"
# A number keeps the digits it was written with: 1.10 is another text than 1.1, and 0.1 no binary fraction.
_NUMBER: Final = re.compile('"\ue000([^"\ue001]*)\ue001"')


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """What a row holds of a person (place, value), and the write that takes it out; no write: nothing, or only keys.

    `keys`: the person's mark stands in the row's key.
    """

    found: tuple[tuple[str, Any], ...] = ()
    write: Update | None = None
    keys: bool = False


def scrubbed(row: Mapping[str, Any], person: Person, system: str | None, at: str) -> Scrubbed:
    """Looks at one row; `system` is whose ids it speaks in. A body that cannot be read and holds a mark goes whole."""
    # What a channel was told must differ from what is true without the person: else it would not be told so.
    taking = TakingOut(person, system, covering=str(row["pk"]).startswith(_SHADOW))
    put, remove = dict[str, Any](), list[str]()
    for name, value in row.items():
        if name in _KEYS:
            continue
        made = _value(value, name, taking)
        if made is None and value is not None:
            remove.append(name)
        elif made is not value and made != value:
            put[name] = made
    keys = any(person.in_key(str(row[k])) for k in _KEYS)
    if not put and not remove:
        return Scrubbed(keys=keys)
    if remove:
        put["erased"] = at
    when = tuple(When(name, "=", row[name]) for name in (*put, *remove) if name in row)
    return Scrubbed(tuple(taking.found), Update((row["pk"], row["sk"]), put=put, remove=tuple(remove), when=when), keys)


def _value(value: Any, name: str, taking: TakingOut) -> Any:
    """The value without the person, None where all of it goes."""
    if isinstance(value, bytes):
        body, found = body_without(value, taking.person, taking.system)
        taking.found += [(f"/{name}{place}", said) for place, said in found]
        return body
    if isinstance(value, str) and value[:1] in {"{", "["}:
        document = _read(value)
        if document is not None:
            made = taking.of(document, f"/{name}")
            return value if made is document else _written(made)
    return taking.of(value, f"/{name}")


def body_without(packed: bytes, person: Person, system: str | None) -> tuple[bytes | None, list[tuple[str, Any]]]:
    """A packed body (zlib) without a person, None when it cannot be read as JSON and holds a mark; what was found.

    The very same bytes when there is nothing.
    """
    try:
        text = zlib.decompress(packed).decode("utf-8", "replace")
    except zlib.error:
        return packed, []
    document = _read(text)
    if document is None:
        return (None, [("", text)]) if person.in_text(text) else (packed, [])
    taking = TakingOut(person, system)
    made = taking.of(document)
    return (packed if made is document else zlib.compress(_written(made).encode())), taking.found


def _read(text: str) -> Any:
    """A JSON object or list, its fractions as marked texts; None for another text."""
    try:
        found = json.loads(text, parse_float=lambda digits: f"\ue000{digits}\ue001")
    except ValueError:
        return None
    return found if isinstance(found, dict | list) else None


def _written(document: Any) -> str:
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    return _NUMBER.sub(r"\1", text)


def system_of(row: Mapping[str, Any]) -> str | None:
    """Whose ids a row speaks in: of a delivery its sender's, of a refused fact its source's."""
    pk = str(row["pk"])
    if pk.startswith("IN#"):
        return pk.split("#", 2)[1]
    for name in ("corrected", "message"):
        message = _read(row[name]) if isinstance(row.get(name), str) else None
        if isinstance(message, dict):
            data = message.get("data")
            said = data.get("source") if isinstance(data, dict) else None
            found = said or message.get("sourcesystem") or message.get("source")
            return found if isinstance(found, str) else None
    return None
