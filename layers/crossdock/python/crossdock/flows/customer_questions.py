"""What is asked of customers: by which criteria, how many to a page, of which attribute."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from crossdock.contracts.customer_attributes import AttributeNameError, named
from crossdock.contracts.names import CUSTOMER
from crossdock.contracts.xrefs import ExternalId
from crossdock.identity.findable import CRITERIA, find_key
from crossdock.platform.problems import FieldError, Problem

_USUAL: Final = 20
_MOST: Final = 50
_LONGEST: Final = 500
_SYSTEM: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")
_EXTERNAL: Final = re.compile(CUSTOMER)
_SEARCH: Final = ("system", "external", *CRITERIA, "limit", "cursor")
_HISTORY: Final = ("attribute", "limit", "cursor")


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for: an id of another system's, keys that all have to fit, the one that says most first."""

    external: ExternalId | None
    keys: tuple[str, ...]
    limit: int


def search(query: Mapping[str, str]) -> Search:
    """Reads the query of a search. Raises a 422 problem that names the parameter."""
    _known(query, _SEARCH)
    keys = tuple(_key(name, query[name]) for name in CRITERIA if name in query)
    external = _external(query)
    if external is None and not keys:
        wanted = f"system and external, or one of {', '.join(CRITERIA)}"
        raise _bad("system", "nothing says who is looked for", f"send {wanted}")
    return Search(external, keys, _limit(query))


def history(query: Mapping[str, str]) -> tuple[str | None, int]:
    """The attribute (None: all) and how many versions to a page. Raises a 422 problem that names the parameter."""
    _known(query, _HISTORY)
    attribute = query.get("attribute")
    if attribute is not None:
        try:
            named(attribute)
        except AttributeNameError as exc:
            problem, _, remedy = str(exc).partition("; ")
            raise _bad("attribute", problem, remedy or "correct it") from exc
    return attribute, _limit(query)


def explain(query: Mapping[str, str]) -> bool:
    """Whether it is asked who said what. Raises a 422 problem for another word than true or false."""
    _known(query, ("explain",))
    said = query.get("explain", "false")
    if said not in {"true", "false"}:
        raise _bad("explain", f"{said[:20]!r} is neither true nor false", "send one of them, or leave it out")
    return said == "true"


def _known(query: Mapping[str, str], names: tuple[str, ...]) -> None:
    for name in query:
        if name not in names:
            raise _bad(name[:60], "unknown", f"leave it out, or send one of: {', '.join(names)}")


def _external(query: Mapping[str, str]) -> ExternalId | None:
    given = [name for name in ("system", "external") if name in query]
    if len(given) == 1:
        missing = "external" if given == ["system"] else "system"
        raise _bad(missing, "is missing", "send system and external together: an id means nothing without its system")
    if not given:
        return None
    if not _SYSTEM.fullmatch(query["system"]):
        raise _bad("system", "is no name of a system", "write it as the configuration does, for example erp")
    if not _EXTERNAL.fullmatch(query["external"]):
        raise _bad("external", "is no id that a system gives", "send 1 to 100 printable ASCII characters without #")
    return query["system"], query["external"]


def _key(name: str, text: str) -> str:
    key = find_key(name, text) if len(text) <= _LONGEST else None
    if key is None:
        raise _bad(name, f"{text[:40]!r} says nothing to look for", "send what it is, with letters or digits")
    return key


def _limit(query: Mapping[str, str]) -> int:
    said = query.get("limit", str(_USUAL))
    if not (said.isascii() and said.isdecimal() and len(said) <= len(str(_MOST)) and 1 <= int(said) <= _MOST):
        raise _bad("limit", f"{said[:20]!r} is no number of entries", f"send 1 to {_MOST}, or leave it out")
    return int(said)


def _bad(field: str, problem: str, remedy: str) -> Problem:
    error = FieldError(field, problem, remedy)
    return Problem(422, "invalid-question", f"{field}: {problem}. Remedy: {remedy}.", [error])
