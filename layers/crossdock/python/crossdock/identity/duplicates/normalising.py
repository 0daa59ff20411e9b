"""A party as it is compared: every field in one form, so that what is meant alike is written alike."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from crossdock.identity.duplicates.contacts import firm_domain, mail_of, phone_of, site_of
from crossdock.identity.duplicates.names import NOBODY, Name, name_of
from crossdock.identity.duplicates.party import Party
from crossdock.identity.duplicates.places import Place, place_of
from crossdock.identity.duplicates.tax_ids import TaxId, tax_id_of

_LONGEST: Final = 400
_MOST: Final = 10


@dataclass(frozen=True, slots=True)
class Normal:
    """A party in one form. `names` begins with the first name; `domains` are the firm's own, of mail and web."""

    party: Party
    names: tuple[Name, ...]
    tax_ids: frozenset[TaxId]
    place: Place
    phones: frozenset[str]
    mails: frozenset[str]
    domains: frozenset[str]


def normal(party: Party) -> Normal:
    """A party in one form. Any text gives an answer: what cannot be read is as if it was not known.

    Of a text the first 400 characters count and of a list the first 10, so that no field makes a comparison long.
    """
    place = place_of(*(text and text[:_LONGEST] for text in (party.street, party.city, party.postcode, party.country)))
    land = place.country
    names = tuple(dict.fromkeys(n for n in map(name_of, _some((party.name, *party.aliases))) if n.words or n.numbers))
    mails = frozenset(filter(None, map(mail_of, _some(party.emails))))
    domains = {firm_domain(mail) for mail in mails} | set(map(site_of, _some(party.websites)))
    return Normal(
        party=party,
        names=names or (NOBODY,),
        tax_ids=frozenset(t for t in (tax_id_of(text, land) for text in _some(party.tax_ids)) if t),
        place=place,
        phones=frozenset(p for p in (phone_of(text, land) for text in _some(party.phones)) if p),
        mails=mails,
        domains=frozenset(filter(None, domains)),
    )


def _some(texts: Sequence[str]) -> Iterator[str]:
    return (text[:_LONGEST] for text in texts[:_MOST])
