"""Keys under which a customer is found again: two that are one share at least one, without comparing everybody.

Each key survives other damage than the next: a tax id a new name and address, a name's key a new everything else, a
postcode with a word's sound a typo in the street. A key that too many share says too little and is skipped (CAP).
"""

import re
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from typing import Final

from crossdock.identity.duplicates.names import Name
from crossdock.identity.duplicates.normalising import Normal

MOST: Final = 12
"""Keys of one customer at most; the ones that say most come first."""
CAP: Final = 40
"""A key that more customers share is too common to look under: some 40 namesakes cost as much as 40 strangers."""

_SOUNDS: Final = (
    ("sch", "s"),
    ("ph", "f"),
    ("th", "t"),
    ("ck", "k"),
    ("cz", "s"),
    ("sh", "s"),
    ("ch", "k"),
    ("qu", "k"),
)
_LETTERS: Final = str.maketrans("cqzwyjdbgv", "kksfiitpkf")
_SILENT: Final = re.compile(r"(?<=.)[aeiouh]")
_TWICE: Final = re.compile(r"(.)\1+")
_EACH: Final = 2
_WORDS: Final = 3


def keys(party: Normal) -> tuple[str, ...]:
    """The keys of a party, each said once, at most MOST; readable: "tax de.vat 136695976"."""
    return tuple(islice(dict.fromkeys(_all(party)), MOST))


def index_key(key: str) -> str:
    """A key as the index stores it: its kind and a digest, so that nobody's number or name stands in the index."""
    return f"{key.split(' ', 1)[0]}#{blake2b(key.encode(errors='surrogatepass'), digest_size=12).hexdigest()}"


def sound(word: str) -> str:
    """How a word begins to the ear, at most five letters: "mayer", "meier" and "maier" are "mr"."""
    for written, heard in _SOUNDS:
        word = word.replace(written, heard)
    return _TWICE.sub(r"\1", _SILENT.sub("", word.translate(_LETTERS)))[:5]


def _all(party: Normal) -> Iterator[str]:
    yield from _some(f"tax {t.kind} {t.number}" for t in sorted(party.tax_ids, key=lambda t: (not t.valid, t.number)))
    yield from _some(f"phone {phone}" for phone in sorted(party.phones))
    yield from _some(f"mail {mail}" for mail in sorted(party.mails))
    place = party.place
    for name in party.names[:_EACH]:
        if name.words:
            yield f"name {place.country} {_sounds(name)}"
    if place.postcode and place.street:
        yield f"at {place.country} {place.postcode} {place.number.rstrip('abcdefgh')} {place.street[:3]}"
    yield from _some(f"web {domain}" for domain in sorted(party.domains))
    for name in party.names[:_EACH]:
        heard = sorted(map(sound, sorted(name.own, key=lambda w: (-len(w), w))[:_WORDS]))
        if place.postcode:
            yield from (f"near {place.country} {place.postcode} {word}" for word in heard)
        if place.city:
            yield from (f"town {place.country} {sound(place.city)} {word}" for word in heard)


def _some(found: Iterator[str]) -> Iterator[str]:
    return islice(found, _EACH)


def _sounds(name: Name) -> str:
    return ".".join(sorted({sound(word) for word in name.own})) + "".join(sorted(name.numbers))
