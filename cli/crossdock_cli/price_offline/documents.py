"""Reading price models and contexts from files: what does not fit is said by file, field and remedy."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from pydantic import BaseModel, ValidationError

from crossdock.contracts.price_models import PriceContext, PriceModel
from crossdock.flows.price_models import PriceBook
from crossdock.platform.problems import from_validation
from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossdock.platform.problems import FieldError

EXIT_INPUT: Final = 2
_MAX_SHOWN: Final = 20
_EXAMPLE: Final = "docs/pricing.md shows both documents, docs/schemas/ describes every field"

M = TypeVar("M", bound=BaseModel)


class InputError(CliError):
    """A file that cannot be used: exit code 2, as for a wrong option."""

    exit_code = EXIT_INPUT


def read_model(path: str) -> PriceBook:
    """The price model of a file, or of standard input for `-`. A bare list is a model of these rules.

    Raises InputError naming the file, the field and the remedy.
    """
    document = _read(path)
    name = _name(path)
    if isinstance(document, list):
        document = {"rules": document}
    elif not isinstance(document, dict):
        raise InputError(f"{name}: is neither an object nor a list of rules", _EXAMPLE)
    try:
        return PriceBook(PriceModel.model_validate(document))
    except ValidationError as exc:
        raise refused(name, from_validation(exc).errors) from exc


def read_contexts(path: str) -> tuple[list[PriceContext], bool]:
    """The contexts of a file, and whether it holds a list of them. Raises InputError."""
    document = _read(path)
    name = _name(path)
    several = isinstance(document, list)
    if not several and not isinstance(document, dict):
        raise InputError(f"{name}: is neither an object nor a list of objects", _EXAMPLE)
    contexts: list[PriceContext] = []
    for place, entry in enumerate(document if isinstance(document, list) else [document]):
        try:
            contexts.append(PriceContext.model_validate(entry))
        except ValidationError as exc:
            raise refused(name, from_validation(exc).errors, f"[{place}]" if several else "") from exc
    if not contexts:
        raise InputError(f"{name}: holds no context", "write one object, or a list of at least one")
    return contexts, several


def refused(name: str, found: Sequence[FieldError], prefix: str = "") -> InputError:
    """What is wrong with the fields of a file, each on a line with its remedy."""
    said = [(_field(prefix, e.field), e.problem, e.remedy) for e in found[:_MAX_SHOWN]]
    if len(said) == 1:
        ((field, problem, remedy),) = said
        return InputError(f"{name}: {field} {problem}", remedy)
    lines = [f"{name}: {len(found)} fields cannot be used"]
    lines += [f"  {field} {problem}\n    {remedy}" for field, problem, remedy in said]
    more = len(found) - len(said)
    return InputError("\n".join(lines), f"and {more} more" if more > 0 else "")


def _field(prefix: str, field: str) -> str:
    if field == "body":
        return prefix or "the document"
    return f"{prefix}.{field}" if prefix and not field.startswith("[") else prefix + field


def _name(path: str) -> str:
    return "standard input" if path == "-" else path


def _read(path: str) -> Any:
    name = _name(path)
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
        return json.loads(text, object_pairs_hook=_each_key_once, parse_constant=_no_number)
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


def _no_number(word: str) -> Any:
    raise ValueError(f"{word} is no JSON")
