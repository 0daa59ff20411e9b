"""A function's environment, checked before its first event."""

import os
from collections.abc import Mapping
from dataclasses import MISSING, fields
from typing import Any, TypeVar

T = TypeVar("T")


class EnvironmentIncompleteError(RuntimeError):
    """A variable is missing; the message names it, the function and the place that sets it."""


def read(model: type[T], environ: Mapping[str, str] | None = None) -> T:
    """Fills a dataclass of strings from the variables named like its fields, in capitals.

    A field with a default may be missing. Raises EnvironmentIncompleteError naming every variable that is missing.
    """
    values = os.environ if environ is None else environ
    declared = fields(model)  # type: ignore[arg-type]  # T is a dataclass by contract
    missing = [f.name.upper() for f in declared if f.default is MISSING and not values.get(f.name.upper())]
    if missing:
        function = values.get("POWERTOOLS_SERVICE_NAME", "this function")
        raise EnvironmentIncompleteError(
            f"{function} lacks the environment variable(s) {', '.join(missing)}: set them under infra/stacks"
        )
    found: dict[str, Any] = {f.name: values[f.name.upper()] for f in declared if values.get(f.name.upper())}
    return model(**found)
