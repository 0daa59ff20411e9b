"""Which endpoints are on their way out: Deprecation (RFC 9745), Sunset (RFC 8594) and Link to the page about it.

A row of `LEAVING` is all it takes: every answer of that endpoint, refusals too, then carries the headers. An endpoint
is named as the gateway knows it, `POST /v1/quotes`, or by a version as a whole, `/v1/`. Nothing is leaving today.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import format_datetime
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True)
class Leaving:
    """Since when nobody should begin to use it, from when on it may be gone (None: not decided), and where to read on.

    Raises ValueError for a sunset before the deprecation, which RFC 9745 (section 4) rules out.
    """

    deprecated: datetime
    sunset: datetime | None
    page: str

    def __post_init__(self) -> None:
        if self.sunset is not None and self.sunset < self.deprecated:
            raise ValueError(f"{self.page}: its sunset {self.sunset} is before its deprecation {self.deprecated}")


LEAVING: Final[Mapping[str, Leaving]] = MappingProxyType({})


def headers_for(route: str, link: str = "", leaving: Mapping[str, Leaving] = LEAVING) -> dict[str, str]:
    """The headers of an endpoint, none if it stays; an answer's own `link` is kept in front of ours."""
    found = leaving.get(route) or _version(route, leaving)
    if found is None:
        return {}
    links = [link] if link else []
    links.append(f'<{found.page}>; rel="deprecation"; type="text/html"')
    headers = {"Deprecation": f"@{int(found.deprecated.timestamp())}"}
    if found.sunset is not None:
        headers["Sunset"] = format_datetime(found.sunset, usegmt=True)
        links.append(f'<{found.page}>; rel="sunset"; type="text/html"')
    return {**headers, "Link": ", ".join(links)}


def _version(route: str, leaving: Mapping[str, Leaving]) -> Leaving | None:
    path = route.partition(" ")[2]
    return next((one for name, one in leaving.items() if name.startswith("/") and path.startswith(name)), None)
