"""[sources.x.hmac]: how a system signs that signs in a way of its own. Read when configuration is compiled."""

import re
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError, model_validator

Header = Annotated[str, StringConstraints(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$", to_lower=True)]
_PLACES = re.compile(r"\{([^{}]*)\}")
_KNOWN = ("id", "timestamp", "method", "url", "body")


class HmacForm(BaseModel):
    """What such a table may say; the names are those of `crossdock.exchange.schemes.Form`."""

    model_config = ConfigDict(extra="forbid", strict=True)

    header: Header
    content: Annotated[str, StringConstraints(max_length=200)] = "{body}"
    algorithm: Literal["sha1", "sha256", "sha512"] = "sha256"
    encoding: Literal["hex", "base64"] = "hex"
    prefix: Annotated[str, StringConstraints(max_length=40)] = ""
    separator: Annotated[str, StringConstraints(max_length=1)] = ""
    timestamp: Header | Literal[""] = ""
    timestamp_prefix: Annotated[str, StringConstraints(max_length=40)] = ""
    unit: Literal["s", "ms"] = "s"
    id: Header | Literal[""] = ""
    key: Literal["text", "base64", "hex"] = "text"

    @model_validator(mode="after")
    def _proves_something(self) -> Self:
        places = _PLACES.findall(self.content)
        if unknown := sorted(set(places) - set(_KNOWN)):
            raise ValueError(f"content: {{{unknown[0]}}} is unknown; write {', '.join(f'{{{k}}}' for k in _KNOWN)}")
        if "body" not in places:
            raise ValueError("content: {body} must be signed, or the signature proves nothing of it")
        if ("timestamp" in places) != bool(self.timestamp):
            raise ValueError("timestamp: name its header and sign it ({timestamp} in content), or leave out both")
        if "id" in places and not self.id:
            raise ValueError("id: content has {id}; name the header that carries it")
        if self.timestamp_prefix and not (self.separator and self.timestamp == self.header):
            raise ValueError("timestamp_prefix: is for a timestamp in the signature's header; name it, and a separator")
        return self


def read_form(fields: Any) -> dict[str, Any]:
    """The checked table, complete. Raises ValueError naming every field that is wrong."""
    try:
        return HmacForm.model_validate(fields).model_dump()
    except ValidationError as exc:
        lines = [f"{'.'.join(map(str, e['loc']))}: {e['msg']}".lstrip(": ") for e in exc.errors()]
        raise ValueError("; ".join(line.replace("Value error, ", "") for line in lines)) from exc
