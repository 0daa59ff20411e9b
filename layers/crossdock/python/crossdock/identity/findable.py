"""Finding customers by what is believed of them: mail address, telephone number, tax id, name.

    F#<kind>#<digest> / <customer id>     nothing else

Each customer stands under at most five keys, kept with its golden record and changed in the transaction that changes
it. So a search is one query, whatever there is of customers, and no number or name of anybody stands in a key. Unlike
the keys of `duplicates/`, which are to bring together what merely looks alike, these are what was asked for and
nothing else, and need no library.
"""

import re
from collections.abc import Collection, Mapping
from hashlib import blake2b
from itertools import islice
from typing import Final

from crossdock.contracts.customer_attributes import Value
from crossdock.identity.duplicates.names import name_of
from crossdock.platform.dynamo import Table
from crossdock.platform.writes import Delete, Insert

CRITERIA: Final = ("tax_id", "email", "phone", "name")
"""By what customers are found; the first ones say most."""

_PREFIX: Final = "F#"
_SOURCES: Final[Mapping[str, tuple[str, ...]]] = {
    "tax_id": ("tax_id",),
    "email": ("email",),
    "phone": ("phone",),
    "name": ("name", "legal_name"),
}
_NO_DIGIT: Final = re.compile(r"[^0-9]")
_NO_SIGN: Final = re.compile(r"[\W_]+")
# "GB123456789" and "123456789" are one number; what follows the country has digits enough to be one.
_COUNTRY: Final = re.compile(r"^[A-Z]{2}(?=(?:[A-Z]*[0-9]){5})")
_PHONE_DIGITS: Final = 9


def find_key(criterion: str, text: str) -> str | None:
    """The key of what is looked for; None when nothing is left of it to look for.

    An address is compared without regard to capitals, a number by its last nine digits (so "+44 20 …" and "020 …" are
    one), a tax id without signs and country, a name by its words without legal form, in any order.
    """
    plain = _plain(criterion, text)
    return f"{criterion}#{blake2b(plain.encode('utf-8', 'replace'), digest_size=12).hexdigest()}" if plain else None


def _plain(criterion: str, text: str) -> str:
    if criterion == "email":
        return text.strip().casefold()
    if criterion == "phone":
        return _NO_DIGIT.sub("", text)[-_PHONE_DIGITS:]
    if criterion == "tax_id":
        return _COUNTRY.sub("", _NO_SIGN.sub("", text).upper(), count=1)
    name = name_of(text)
    return " ".join((*name.words, *sorted(name.numbers)))


def find_keys(values: Mapping[str, Value]) -> tuple[str, ...]:
    """The keys a customer is to stand under, by what is believed of it."""
    found = [
        find_key(criterion, value)
        for criterion in CRITERIA
        for name in _SOURCES[criterion]
        if isinstance(value := values.get(name), str)
    ]
    return tuple(dict.fromkeys(key for key in found if key))


def find_changes(customer: str, kept: Collection[str], wanted: Collection[str]) -> list[Insert | Delete]:
    """The writes that lead from the keys a customer stands under to those it is to stand under: 2 WCU each."""
    gone = [Delete((_PREFIX + key, customer)) for key in sorted(set(kept) - set(wanted))]
    new = [Insert({"pk": _PREFIX + key, "sk": customer}) for key in sorted(set(wanted) - set(kept))]
    return [*gone, *new]


class Findable:
    """Looks under a key."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def under(self, key: str, after: str | None, most: int) -> list[str]:
        """At most so many customers that stand under a key, in the order of their ids, behind `after`.

        1 RCU for some 40, read consistently: who was written just now is found.
        """
        rows = self._table.query(_PREFIX + key, consistent=True, after=after, page=most)
        return [row["sk"] for row in islice(rows, most)]
