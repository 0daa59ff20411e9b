"""Reading price models and contexts from files: what does not fit is said by file, field and remedy."""

from __future__ import annotations

import json
import math
import sys
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from crossdock.contracts.price_models import (
    ModelCustomer,
    ModelItem,
    ModelShipTo,
    PriceContext,
    PriceLine,
    PriceModel,
)
from crossdock.contracts.price_settings import PriceSettings
from crossdock.contracts.prices import Approval, PriceRule, Scope, Tier
from crossdock.flows.price_models import PriceBook
from crossdock.platform.problems import FieldError, from_validation
from crossdock.pricing.errors import StatementError
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Sequence

EXIT_INPUT: Final = 2
_MAX_SHOWN: Final = 20
_EXAMPLE: Final = "docs/pricing.md shows both documents, docs/schemas/ describes every field"

_CONTEXT_ONLY: Final = frozenset({"lines", "item", "quantity"})
_UNKNOWN_FIELD: Final = "Extra inputs are not permitted"
_MODELS: Final[tuple[type[BaseModel], ...]] = (
    *(PriceModel, PriceRule, Tier, Scope, Approval, PriceSettings, ModelCustomer, ModelItem, ModelShipTo),
    *(PriceContext, PriceLine),
)
_NAMES: Final = sorted({name for model in _MODELS for name in model.model_fields})
_OTHER_NAMES: Final = {
    "price": "value",
    "amount": "value",
    "percent": "value",
    "discount": "value",
    "prices": "rules",
    "sku": "item",
    "product": "item",
    "qty": "quantity",
    "uom": "unit",
    "id": "rule_id",
    "date": "at",
    "start": "valid_from",
    "end": "valid_through",
    "segments": "segment",
    "parents": "parent",
    "channel": "channels",
}
"""What people call fields before they have read the schema. What is a field elsewhere may be meant here otherwise."""
_LONGEST_NUMBER: Final = 30

M = TypeVar("M", bound=BaseModel)


class InputError(CliError):
    """A file that cannot be used: exit code 2, as for a wrong option."""

    exit_code = EXIT_INPUT


def read_model(path: str) -> PriceBook:
    """The price model of a file, or of standard input for `-`. A bare list is a model of these rules.

    Raises InputError naming the file, the field and the remedy.
    """
    document = read_json(path)
    name = file_name(path)
    if isinstance(document, list):
        document = {"rules": document}
    elif not isinstance(document, dict):
        raise InputError(f"{name}: is neither an object nor a list of rules", _EXAMPLE)
    elif "rules" not in document and not _CONTEXT_ONLY.isdisjoint(document):
        raise InputError(f"{name}: is a context and no price model", "are the two files the wrong way round?")
    try:
        return PriceBook(validated(PriceModel, document))
    except ValidationError as exc:
        raise refused(name, from_validation(exc).errors) from exc
    except StatementError as exc:
        raise refused(name, [FieldError(exc.field, exc.problem, exc.remedy)]) from exc


def read_contexts(path: str) -> tuple[list[PriceContext], bool]:
    """The contexts of a file, and whether it holds a list of them. Raises InputError."""
    document = read_json(path)
    name = file_name(path)
    several = isinstance(document, list)
    if not several and not isinstance(document, dict):
        raise InputError(f"{name}: is neither an object nor a list of objects", _EXAMPLE)
    contexts: list[PriceContext] = []
    for place, entry in enumerate(document if isinstance(document, list) else [document]):
        if isinstance(entry, dict) and "rules" in entry:
            raise InputError(f"{name}: is a price model and no context", "are the two files the wrong way round?")
        try:
            contexts.append(validated(PriceContext, entry))
        except ValidationError as exc:
            raise refused(name, from_validation(exc).errors, f"[{place}]" if several else "") from exc
    if not contexts:
        raise InputError(f"{name}: holds no context", "write one object, or a list of at least one")
    return contexts, several


def refused(name: str, found: Sequence[FieldError], prefix: str = "") -> InputError:
    """What is wrong with the fields of a file, each on a line with its remedy."""
    said = [(_sentence(_field(prefix, e.field), e.problem), _remedy(e)) for e in found[:_MAX_SHOWN]]
    if len(said) == 1:
        ((sentence, remedy),) = said
        return InputError(f"{name}: {sentence}", remedy)
    lines = [f"{name}: {len(found)} fields cannot be used"]
    lines += [f"  {sentence}\n    {remedy}" for sentence, remedy in said]
    more = len(found) - len(said)
    return InputError("\n".join(lines), f"and {more} more" if more > 0 else "")


def validated(model: type[M], document: object) -> M:
    """The document in its contract, read as JSON: so that a list is called a list, and an object an object."""
    return model.model_validate_json(json.dumps(document))


def _sentence(field: str, problem: str) -> str:
    """The problems of our own contracts go on from the name of the field; others are sentences by themselves."""
    return f"{field} {problem}" if problem[:1].islower() else f"{field}: {problem}"


def _remedy(error: FieldError) -> str:
    """The contract's remedy; for a field that there is none of, the name that was probably meant."""
    if error.problem != _UNKNOWN_FIELD:
        return error.remedy
    name = error.field.rpartition(".")[2]
    others = [known for known in _NAMES if known != name]
    meant = _OTHER_NAMES.get(name) or next(iter(get_close_matches(name, others, n=1, cutoff=0.7)), None)
    return f"did you mean {meant}? {_EXAMPLE}" if meant else f"leave it out; {_EXAMPLE}"


def _field(prefix: str, field: str) -> str:
    if field == "body":
        return prefix or "the document"
    return f"{prefix}.{field}" if prefix and not field.startswith("[") else prefix + field


def file_name(path: str) -> str:
    """How a file is called in messages."""
    return "standard input" if path == "-" else path


def read_json(path: str) -> Any:
    """The JSON document of a file, or of standard input for `-`. Raises InputError naming the place and the remedy."""
    name = file_name(path)
    if path == "-" and sys.stdin is None:
        raise InputError("standard input is closed", "send the document there, or name a file")
    try:
        raw = sys.stdin.buffer.read() if path == "-" else Path(path).read_bytes()
    except OSError as exc:
        raise InputError(f"{name} cannot be read: {exc.strerror or exc}", "name a file that exists, or -") from exc
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        raise InputError(f"{name}: byte {exc.start + 1} is not UTF-8", "save the file as JSON in UTF-8") from exc
    if not text.strip():
        raise InputError(f"{name}: is empty", "write one JSON document; " + _EXAMPLE)
    try:
        return json.loads(text, object_pairs_hook=_each_key_once, parse_int=_number)
    except json.JSONDecodeError as exc:
        where = f"{name}: line {exc.lineno}, column {exc.colno}"
        raise InputError(f"{where}: {exc.msg}", "mend it; the file must be one JSON document") from exc
    except RecursionError as exc:
        raise InputError(f"{name}: is nested too deeply", "write it as docs/pricing.md shows") from exc
    except ValueError as exc:
        raise InputError(f"{name}: {exc}", "mend it; the file must be one JSON document") from exc


def _each_key_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    document = dict(pairs)
    if len(document) < len(pairs):
        keys = [key for key, _ in pairs]
        twice = next(key for key in keys if keys.count(key) > 1)
        raise ValueError(f"the field {twice!r} stands twice in one object, and only one of the two can be meant")
    return document


def _number(digits: str) -> float:
    """A whole number; one too long for any field is infinite, which the contract refuses by the name of the field."""
    return int(digits) if len(digits) <= _LONGEST_NUMBER else math.inf
