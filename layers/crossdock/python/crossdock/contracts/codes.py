"""Code tables: what a source's words mean in ours. They are data of the configuration, each with an owner.

    [codes.shop.warehouses]
    owner = "warehouse office"
    values = { "655441491" = "MAIN" }

A code that its table does not have is never guessed: the fact is refused, with the table and who owns it.
No validation library here: every function reads the configuration.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

STATUSES, UNITS, WAREHOUSES = "statuses", "units", "warehouses"
"""The kinds of tables: an order's states, units of measure, places where stock is kept."""

_CODE_LENGTH = 60


@dataclass(frozen=True, slots=True)
class Refused:
    """Well-formed, and nothing that could be applied as things stand: an exception, to be replayed when they changed.

    `kind` and `subject` group what has one cause; `owner` is whom the remedy concerns, empty when nobody is known.
    """

    kind: str
    subject: str
    detail: str
    remedy: str
    owner: str = ""


@dataclass(frozen=True, slots=True)
class CodeTable:
    """One table: `owner` is whom to ask, a person or an office."""

    owner: str
    values: Mapping[str, str]


class UnmappedCodeError(Exception):
    """A code that has no meaning here yet; `refused` says which, where, and whose table it is."""

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused.detail)
        self.refused = refused


@dataclass(frozen=True, slots=True)
class Codes:
    """The tables of one source."""

    source: str = ""
    tables: Mapping[str, CodeTable] = field(default_factory=dict)

    def canonical(self, kind: str, code: str, field_name: str) -> str:
        """What the code means; `field_name` is where the source said it, in its own words. Raises UnmappedCodeError."""
        table = self.tables.get(kind)
        found = table.values.get(code) if table else None
        if found is None:
            raise UnmappedCodeError(self._unmapped(kind, code, field_name, table))
        return found

    def canonical_if_any(self, kind: str, code: str, field_name: str) -> str:
        """The same for sources that may use our own words: without a table a code means itself."""
        return self.canonical(kind, code, field_name) if kind in self.tables else code

    def _unmapped(self, kind: str, code: str, field_name: str, table: CodeTable | None) -> Refused:
        name = f"[codes.{self.source}.{kind}]"
        shown = code[:_CODE_LENGTH]
        if table is None:
            detail = f"{field_name} is {shown!r}, and there is no code table {name} to say what that means"
            remedy = f"add {name} with its owner and this code to the configuration, deploy, then replay"
        else:
            detail = f"{field_name} is {shown!r}, which the code table {name} of {table.owner} does not have"
            remedy = f"have {table.owner} say what it means, add it to {name} in the configuration, deploy, then replay"
        return Refused("unmapped_code", f"code/{kind}/{shown}", detail, remedy, table.owner if table else "")


NO_CODES = Codes()
