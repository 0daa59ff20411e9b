"""What is compared: a customer as its plain texts, from whichever systems know it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Party:
    """A customer as the comparison sees it. Texts stand as people wrote them; what is unknown is None or empty.

    `country` is an ISO 3166 code of two letters: it says how tax ids, telephone numbers and postcodes are read. A code
    that means nothing is no error: then they are compared as they stand. `region` is not compared: postcode and town
    say more, and systems write it in too many ways.
    """

    id: str
    name: str
    aliases: tuple[str, ...] = ()
    tax_ids: tuple[str, ...] = ()
    street: str | None = None
    city: str | None = None
    region: str | None = None
    postcode: str | None = None
    country: str | None = None
    phones: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()
    websites: tuple[str, ...] = ()
