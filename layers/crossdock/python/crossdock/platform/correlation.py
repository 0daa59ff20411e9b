"""The id that joins everything one request or webhook caused."""

import re
import uuid

_ACCEPTABLE = re.compile(r"^[A-Za-z0-9._:-]{8,64}$")


def choose(offered: str | None) -> str:
    """The caller's id when it is a usable one, else a new one: nothing a caller sends reaches the logs unchecked."""
    if offered and _ACCEPTABLE.fullmatch(offered):
        return offered
    return f"cd-{uuid.uuid4().hex}"
