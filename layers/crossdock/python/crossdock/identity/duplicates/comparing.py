"""What two normalised parties have in common: one level for each feature that both say something about.

Pure, and the same whichever of the two comes first.
"""

from collections.abc import Mapping
from itertools import product
from typing import Final

from crossdock.identity.duplicates.names import Name
from crossdock.identity.duplicates.normalising import Normal
from crossdock.identity.duplicates.places import Place
from crossdock.identity.duplicates.tax_ids import TaxId

_ALIKE: Final = 0.82  # of two words, by the share of letters that stay (OSA)
_ONE_WORD: Final = 0.88  # of two whole names or streets
_LONG: Final = 8  # letters from which on a word may have two typos
_VOWELS: Final = frozenset("aeiou")
_SHORT: Final = 4  # letters up to which a word has no typo that leaves it recognisable
_SWITCHBOARD: Final = 3  # digits of an extension
_UNNAMED: Final = -100_000
_OTHER_NAMES: Final = frozenset({"sibling", "partly", "other"})
_SHARED: Final = ("address", "phone", "online")
_UNDER_OTHER_NAMES: Final = {
    ("address", "same"): "roof",
    ("address", "near"): "roof",
    ("address", "building"): "roof",
    ("address", "neighbour"): "apart",
    ("address", "area_other"): "apart",
    ("address", "town_other"): "apart",
    ("address", "elsewhere"): "apart",
    ("address", "abroad"): "apart",
    ("address", "street"): "roof",
    ("address", "area"): "roof",
    ("phone", "same"): "desk",
    ("phone", "extension"): "apart",
    ("phone", "other"): "apart",
    ("online", "mail"): "house",
    ("online", "domain"): "house",
    ("online", "other"): "apart",
}


def levels(a: Normal, b: Normal, order: Mapping[str, Mapping[str, int]]) -> dict[str, str]:
    """The level of each feature both parties say something about; `order` weighs levels, the best of several counts."""
    of_names = (_names(x, y) for x, y in product(a.names, b.names))
    name = max(of_names, key=lambda level: order["name"].get(level, _UNNAMED))
    found = {
        "name": name,
        "numbers": _numbers(a.names[0], b.names[0]),
        "form": _forms(a.names[0], b.names[0]),
        "tax_id": _tax_ids(a.tax_ids, b.tax_ids),
        "address": _places(a.place, b.place),
        "phone": _phones(a.phones, b.phones),
        "online": _online(a, b),
    }
    if name in _OTHER_NAMES:
        found |= {feature: _UNDER_OTHER_NAMES.get((feature, found[feature]), found[feature]) for feature in _SHARED}
    return {feature: level for feature, level in found.items() if level}


def _names(a: Name, b: Name) -> str:
    if not a.words or not b.words:
        return ""
    if a.words == b.words or a.joined == b.joined:
        return "same"
    left, right = _unmatched(a.words, b.words), _unmatched(b.words, a.words)
    # In the alphabet's order, since words may be swapped, and as typed, since a typo may stand anywhere.
    sorted_too = _similar("".join(a.words), "".join(b.words), _ONE_WORD)
    if (not left and not right) or sorted_too or _similar(a.spelling, b.spelling, _ONE_WORD):
        return "near"
    if a.joined == b.initials or b.joined == a.initials:
        return "initials" if min(len(a.joined), len(b.joined)) > 1 else "other"
    return _by_leftovers(a, b, left, right)


def _by_leftovers(a: Name, b: Name, left: frozenset[str], right: frozenset[str]) -> str:
    """The level of two names of which some words are matched (or none), by what is left of each."""
    if a.own <= left or b.own <= right:
        return "other"  # what they share is words of trade at most
    tells = bool(a.own & left), bool(b.own & right)
    if not left or not right:
        return "longer" if any(tells) else "shorter"
    return "partly" if any(tells) else "sibling"


def _unmatched(words: tuple[str, ...], others: tuple[str, ...]) -> frozenset[str]:
    return frozenset(w for w in words if w not in others and not any(_same_word(w, o) for o in others))


def _same_word(a: str, b: str) -> bool:
    """Whether two words are one with a typo or two, or one begins the other, or is its consonants ("plbg")."""
    shorter, longer = sorted((a, b), key=len)
    if len(shorter) < _SHORT:
        return len(shorter) == _SHORT - 1 and _consonants(shorter, longer)
    return longer.startswith(shorter) or _off_by(a, b, 2 if len(longer) >= _LONG else 1) or _consonants(shorter, longer)


def _consonants(short: str, long: str) -> bool:
    """Whether a word abbreviates another: its first letter, and behind it only consonants in the other's order."""
    if short[0] != long[0] or len(short) == len(long) or not _VOWELS.isdisjoint(short[1:]):
        return False
    letters = iter(long)
    return all(letter in letters for letter in short)


def _off_by(a: str, b: str, most: int) -> bool:
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - only who compares customers pays for it

    return OSA.distance(a, b, score_cutoff=most) <= most


def _similar(a: str, b: str, least: float) -> bool:
    from rapidfuzz.distance import OSA  # noqa: PLC0415 - only who compares customers pays for it

    return OSA.normalized_similarity(a, b, score_cutoff=least) >= least


def _numbers(a: Name, b: Name) -> str:
    if not a.numbers or not b.numbers:
        return ""
    return "same" if a.numbers & b.numbers else "other"


def _forms(a: Name, b: Name) -> str:
    if not a.form or not b.form:
        return ""
    return "same" if a.form == b.form else "other"


def _tax_ids(a: frozenset[TaxId], b: frozenset[TaxId]) -> str:
    if not a or not b:
        return ""
    if shared := a & b:
        return "same" if any(t.valid for t in shared) else "unverified"
    if any(_one_off(x, y) for x, y in product(a, b)):
        return "near"
    return "other" if {t.kind for t in a if t.valid} & {t.kind for t in b if t.valid} else ""


def _one_off(a: TaxId, b: TaxId) -> bool:
    """Whether one is the other with one character mistyped: then at most one of them keeps a check digit's rule."""
    if (a.proof and b.proof) or min(len(a.number), len(b.number)) <= _SHORT:
        return False
    return _off_by(a.number, b.number, 1)


def _places(a: Place, b: Place) -> str:
    if a.country and b.country and a.country != b.country:
        return "abroad"
    postal = a.postcode == b.postcode if a.postcode and b.postcode else None
    town = _same_town(a.city, b.city) if a.city and b.city else None
    if a.box and a.box == b.box and postal:
        return "same"
    if not a.street or not b.street:
        return _without_street(postal, town)
    if not _same_street(a.street, b.street):
        if postal:
            return "area_other"
        return "town_other" if town else "elsewhere" if postal is False or town is False else ""
    return _on_one_street(a, b, postal=postal, town=town)


def _without_street(postal: bool | None, town: bool | None) -> str:  # noqa: FBT001 - three-valued: None is not known
    if postal:
        return "area"
    if town:
        return "town"
    return "elsewhere" if postal is False and town is False else ""


def _on_one_street(a: Place, b: Place, *, postal: bool | None, town: bool | None) -> str:
    """The level of two addresses whose streets have one name: every town has a Main Street, and some have two names."""
    numbered = bool(a.number and b.number and _digits(a.number) == _digits(b.number))
    if town is False and not postal and not (numbered and postal is None):
        return "elsewhere"
    if postal is False and town is None:
        return "elsewhere"
    if not a.number or not b.number:
        return "street"
    if not numbered:
        return "neighbour"
    if a.unit and b.unit and a.unit != b.unit:
        return "building"
    return "same" if postal else "near"


def _same_town(a: str, b: str) -> bool:
    # "New York City", and a typo.
    return a.startswith(b) or b.startswith(a) or _similar(a, b, _ALIKE)


def _digits(number: str) -> str:
    return number.rstrip("abcdefghijklmnopqrstuvwxyz")


def _same_street(a: str, b: str) -> bool:
    # One may name a district, a building or a floor besides.
    shorter, longer = sorted((a, b), key=len)
    return (len(shorter) > _SHORT and shorter in longer) or _similar(a, b, _ALIKE)


def _phones(a: frozenset[str], b: frozenset[str]) -> str:
    if not a or not b:
        return ""
    if a & b:
        return "same"
    return "extension" if any(_switchboard(x, y) for x, y in product(a, b)) else "other"


def _switchboard(a: str, b: str) -> bool:
    longest = max(len(a), len(b))
    shared = next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))
    return longest - shared <= _SWITCHBOARD and shared > 2 * _SHORT


def _online(a: Normal, b: Normal) -> str:
    if a.mails & b.mails:
        return "mail"
    if a.domains & b.domains:
        return "domain"
    return "other" if a.domains and b.domains else ""
