"""Refusals as RFC 9457 problem documents: what is wrong, in which field, and what to do about it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from crossdock.platform.errors import CrossdockError

if TYPE_CHECKING:
    from pydantic import ValidationError
    from pydantic_core import ErrorDetails

MAX_ERRORS = 20
_NAME_LENGTH = 60
_BASE = "urn:crossdock:problem:"


@dataclass(frozen=True, slots=True)
class FieldError:
    """One field that cannot be used. `field` is a path such as `movements[3].quantity`."""

    field: str
    problem: str
    remedy: str

    def document(self) -> dict[str, str]:
        return {"field": self.field, "problem": self.problem, "remedy": self.remedy}


class Problem(CrossdockError):  # noqa: N818 - RFC 9457's own word
    """A request that is refused: HTTP status, a stable name for programs, a sentence for people, the fields."""

    def __init__(
        self,
        status: int,
        name: str,
        detail: str,
        errors: Iterable[FieldError] = (),
        headers: Mapping[str, str] | None = None,
        members: Mapping[str, Any] | None = None,
    ) -> None:
        """`members` are further members of the document, for programs (RFC 9457, 3.2)."""
        super().__init__(detail)
        self.status = status
        self.name = name
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.members = dict(members or {})

    def document(self, correlation_id: str) -> dict[str, Any]:
        """The problem document; at most 20 fields are listed, and it says when there are more."""
        listed = [e.document() for e in self.errors[:MAX_ERRORS]]
        document: dict[str, Any] = {
            "type": _BASE + self.name,
            "title": self.name.replace("-", " "),
            "status": self.status,
            "detail": self.detail,
            "correlation_id": correlation_id,
            **self.members,
        }
        if listed:
            document["errors"] = listed
        if len(self.errors) > MAX_ERRORS:
            document["errors_not_listed"] = len(self.errors) - MAX_ERRORS
        return document


_REMEDIES = {
    "missing": "send this field",
    "extra_forbidden": "leave this field out; it is not part of this version",
    "json_invalid": "send one valid JSON document in UTF-8",
    "int_type": "send a whole number, without quotes",
    "string_type": "send a text, in quotes",
    "list_type": "send a list",
    "model_type": "send an object",
    "model_attributes_type": "send an object",
    "too_long": "send fewer in one request, and the rest in further ones",
    "too_short": "send at least one",
    "string_too_long": "shorten it",
    "string_too_short": "it must not be empty",
    "dict_type": "send an object",
    "literal_error": "send one of the values named",
    "string_pattern_mismatch": "leave out the characters that do not fit, or shorten it",
    "timezone_aware": "add the offset from UTC, for example 2026-11-21T08:00:00Z",
    "quantity_type": 'send a whole number, or a fraction as a text with at most 6 places, for example "2.5"',
    "quantity_range": "send it in several movements, or correct it",
    "nothing_moved": "send a quantity other than 0, or leave the movement out",
    "not_signed": "send the quantity without its sign, or an adjustment",
    "not_for_this_type": "leave this field out, or send the type it belongs to",
    "same_place": "send where it went, or leave the movement out",
    "held_is_available": "leave the status out, or the reservation",
    "date_type": 'send a date as a text, for example "2026-11-21"',
    "date_parsing": 'send a date as a text, for example "2026-11-21"',
    "date_from_datetime_parsing": 'send a date as a text, for example "2026-11-21"',
    "date_from_datetime_inexact": 'send a date without a time, for example "2026-11-21"',
    "decimal_type": 'send the amount as a text, for example "2.55"',
}


def from_validation(exc: "ValidationError", status: int = 422) -> Problem:
    """Our answer to a document that does not fit its contract: every field with what is wrong and the remedy."""
    found = exc.errors(include_url=False, include_input=False)
    errors = [
        FieldError(
            field=path_text(e["loc"]) or "body",
            problem=e["msg"].removeprefix("Value error, "),
            remedy=_remedy(e),
        )
        for e in found
    ]
    if any(e["type"] == "json_invalid" for e in found):
        return Problem(400, "malformed-json", "The body is not a JSON document; nothing was stored.", errors)
    shown = errors[0]
    return Problem(
        status,
        "invalid-document",
        f"{shown.field}: {shown.problem}. Remedy: {shown.remedy}. Nothing was stored.",
        errors,
    )


def _remedy(error: "ErrorDetails") -> str:
    """What its contract says to do about this one, else what is usual for its kind."""
    own = error.get("ctx", {}).get("remedy")
    return own if isinstance(own, str) else _REMEDIES.get(error["type"], "send a value that fits the contract")


def path_text(location: Iterable[int | str]) -> str:
    """`("movements", 3, "quantity")` as people write it: `movements[3].quantity`.

    A name is cut at 60 characters: those of fields that we do not know are the sender's, and go into answers and logs.
    """
    text = ""
    for part in location:
        text += f"[{part}]" if isinstance(part, int) else ("." if text else "") + part[:_NAME_LENGTH]
    return text
