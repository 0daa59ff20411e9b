"""Correcting a refused fact: a JSON Patch (RFC 6902) on its payload, applied to what the operator saw."""

from collections.abc import Mapping, Sequence
from typing import Any

from crossdock.exceptions.model import Occurrence
from crossdock.platform.errors import CrossdockError


class CorrectionError(CrossdockError):
    """The patch cannot be applied; the message names the operation and the remedy."""


def assignments_to_patch(occurrence: Occurrence, assignments: Mapping[str, Any]) -> list[dict[str, Any]]:
    """`{"item": "85123A"}` as a patch; a name is a field of the fact, a path that begins with `/` is of the message."""
    return [
        {"op": "add", "path": name if name.startswith("/") else f"{occurrence.pointer}/{name}", "value": value}
        for name, value in assignments.items()
    ]


def corrected_message(occurrence: Occurrence, patch: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """The payload after the patch. Raises CorrectionError when the patch does not fit or changes nothing."""
    import jsonpatch  # noqa: PLC0415 - only operators correct; no function should pay for its import

    try:
        result = jsonpatch.apply_patch(occurrence.message, list(patch))
    except (jsonpatch.JsonPatchException, jsonpatch.JsonPointerException) as exc:
        raise CorrectionError(
            f"the patch does not fit this payload: {exc}. Look at it with: crossdock exceptions show {occurrence.group}"
        ) from exc
    if not isinstance(result, dict):
        raise CorrectionError("the patch replaced the whole message by something that is none; name a field of it")
    if result == occurrence.message:
        raise CorrectionError("the patch changes nothing; nothing was stored")
    return result
