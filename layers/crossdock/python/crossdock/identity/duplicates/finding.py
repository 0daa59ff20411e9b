"""All pairs of many customers that may be one, as an import of a hundred thousand asks for them.

Memory grows with the customers, not with the pairs: keys are kept as numbers, and each customer is compared with those
behind it that share a key, one at a time.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from hashlib import blake2b

from crossdock.identity.duplicates.comparing import levels
from crossdock.identity.duplicates.keys import CAP, keys
from crossdock.identity.duplicates.normalising import Normal, normal
from crossdock.identity.duplicates.party import Party
from crossdock.identity.duplicates.scoring import Score, explained, verdict
from crossdock.identity.duplicates.weights import weights


@dataclass(slots=True)
class Tally:
    """What a search did: pairs compared, and how many keys were skipped because more than CAP shared them."""

    compared: int = 0
    common: dict[str, int] = field(default_factory=dict)


def pairs(parties: Iterable[Party], tally: Tally | None = None) -> Iterator[tuple[Party, Party, Score]]:
    """The pairs at or above the threshold to raise, each once, in the order of the parties.

    The same pairs for the same parties in the same order, and what `DuplicateIndex.candidates` would lead to.
    """
    counted, using = tally if tally is not None else Tally(), weights()
    for a, b in candidate_pairs(parties, counted):
        found = levels(a, b, using.features)
        if verdict(found, using) != "no":
            yield a.party, b.party, explained(a, b, found, using)


def candidate_pairs(parties: Iterable[Party], tally: Tally) -> Iterator[tuple[Normal, Normal]]:
    """The pairs that share a key that not too many share, each once, in the order of the parties."""
    known = [normal(party) for party in parties]
    members: dict[int, list[int]] = {}
    under: list[tuple[int, ...]] = []
    for place, party in enumerate(known):
        numbers = tuple(map(_number, keys(party)))
        under.append(numbers)
        for number in numbers:
            members.setdefault(number, []).append(place)
    tally.common = _common(known, members)
    for place, numbers in enumerate(under):
        shared = (members[n] for n in numbers if 1 < len(members[n]) <= CAP)
        for other in sorted({behind for some in shared for behind in some if behind > place}):
            tally.compared += 1
            yield known[place], known[other]


def _common(known: list[Normal], members: dict[int, list[int]]) -> dict[str, int]:
    """The keys that more than CAP share, by name, with how many do."""
    found: dict[str, int] = {}
    for number, places in members.items():
        if len(places) > CAP:
            name = next(key for key in keys(known[places[0]]) if _number(key) == number)
            found[name] = len(places)
    return found


def _number(key: str) -> int:
    # Eight bytes instead of a text of forty: two keys in a hundred million that meet cost one comparison more.
    return int.from_bytes(blake2b(key.encode(errors="surrogatepass"), digest_size=8).digest())
