"""The recorded payloads (tests/examples/payloads): what vendors send, in made-up values, and what is to come of it.

`<vendor>/<name>.json` (or `.xml`) is a body as the vendor documents it; `<name>.expected.json` beside it says why it is
there, with which headers it comes, what the source's API answers when it is asked (by path; a number is a status), and
what is expected: facts, movements, refusals. `codes.json` are the vendor's code tables.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from crossdock.connectors import fetching_connector, source_connector
from crossdock.contracts.codes import Codes, CodeTable, Refused
from crossdock.contracts.deliveries import HttpAnswer
from crossdock.contracts.fetching import Api
from crossdock.contracts.inbound import Fact, Fetch, Movements, Part, parts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

FOLDER: Final = Path(__file__).parents[1] / "examples" / "payloads"
SOURCES: Final = {
    "bigcommerce": "store",
    "generic_erp": "erp",
    "generic_wms": "wms",
    "salesforce": "crm",
    "shopify": "shop",
}
"""What a source of each vendor is called in the examples."""
URL: Final = "https://api.example.com/stores/abc123"


@dataclass(frozen=True)
class Recorded:
    """One body and what is expected of it."""

    vendor: str
    name: str
    body: bytes
    headers: Mapping[str, str]
    answers: Mapping[str, Any]
    expected: list[dict[str, Any]]
    why: str

    @property
    def id(self) -> str:
        return f"{self.vendor}/{self.name}"

    def get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        """What the source's API answers. KeyError: nobody said that this would be asked."""
        assert headers == {"X-Auth-Token": "token", "Accept": "application/json"}
        answer = self.answers[url.removeprefix(f"{URL}/")]
        return HttpAnswer(answer) if isinstance(answer, int) else HttpAnswer(200, json.dumps(answer).encode())


def recorded() -> list[Recorded]:
    """All of them, in the order of their files."""
    return [_read(path) for path in sorted(FOLDER.glob("*/*.expected.json"))]


def _read(path: Path) -> Recorded:
    said = json.loads(path.read_text(encoding="utf-8"))
    name = path.name.removesuffix(".expected.json")
    (body,) = (p for p in (path.with_name(f"{name}.json"), path.with_name(f"{name}.xml")) if p.exists())
    return Recorded(
        path.parent.name,
        name,
        body.read_bytes(),
        said.get("headers", {}),
        said.get("answers", {}),
        said["expected"],
        said["why"],
    )


def codes_of(vendor: str) -> Codes:
    """The code tables that the vendor's examples are mapped with."""
    tables = json.loads((FOLDER / vendor / "codes.json").read_text(encoding="utf-8"))
    return Codes(SOURCES[vendor], {kind: CodeTable(t["owner"], t["values"]) for kind, t in tables.items()})


def translated(example: Recorded) -> list[Part]:
    """What comes of an example, with its latest state fetched."""
    source, codes = SOURCES[example.vendor], codes_of(example.vendor)
    found: list[Part] = []
    for part in parts_of(source_connector(example.vendor).translate(source, example.body, example.headers, codes)):
        if isinstance(part, Fetch):
            api = Api(URL, "token", example.get)
            found += parts_of(fetching_connector(example.vendor).fetch(source, part, api, codes))
        else:
            found.append(part)
    return found


def document(part: Part) -> dict[str, Any]:
    """A part in the form that examples write it in."""
    match part:
        case Fact():
            return asdict(part)
        case Movements(movements):
            return {"movements": movements}
        case Refused():
            return {"refused": asdict(part)}
        case Fetch():
            return {"fetch": asdict(part)}
