"""Building a function's objects once, before its first event."""

import functools
import os
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def warm(build: Callable[[], T]) -> Callable[[], T]:
    """Makes `build` run once: while the function initialises when this is Lambda, at first use anywhere else.

    So clients are made where a snapshot can hold them, and importing a handler in a test needs no environment.
    """
    built = functools.cache(build)
    if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
        built()
    return built
