"""Customers of our own making, as many as wanted, with what makes telling them apart hard: chains whose branches share
name and domain, groups whose firms share building and switchboard, strangers in one building, namesakes in every town.

Nothing here damages anything; customer_damage.py makes the duplicates. The same seed makes the same customers.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.support import customer_ids

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from random import Random

WORDS: dict[str, Any] = tomllib.loads(Path(__file__).with_name("customer_words.toml").read_text(encoding="utf-8"))
COUNTRIES = ("DE", "DE", "GB", "GB", "US", "US", "FR", "NL", "IT", "ES", "PL")
_FREE = ("gmail.com", "outlook.com", "yahoo.com", "hotmail.com", "gmx.de", "orange.fr", "libero.it", "wp.pl")
# Providers of one region that no list of ours knows: many strangers have a domain in common.
_REGIONAL = tuple(
    f"{town}net.{end}" for town in ("stadt", "moor", "lake", "val", "rio") for end in ("de", "co.uk", "fr")
)
_NUMBERS = (1, 2, 3, 4, 21, 24, 99, 100, 360, 365, 2000)
_ASCII = str.maketrans("äöüéèêáàâíîóôòúûñçłńśźżąęćłøåßÉÁŚŻŁÜÖÄÍÓ", "aoueeeaaaiiooouuncnnszzaecloasEASZLUOAIO")


@dataclass(frozen=True, slots=True)
class Customer:
    """A firm as somebody filled it in. `brand` and `trade` are what its name was made of."""

    country: str
    name: str
    brand: str
    form: str
    street: str
    number: str
    unit: str
    city: str
    postcode: str
    phone: str
    mail: str = ""
    site: str = ""
    tax_id: str = ""


def customers(random: Random, count: int) -> list[Customer]:
    """So many different firms, in no order: about three of ten belong to a chain, a group or a building."""
    found: list[Customer] = []
    makers: tuple[tuple[int, Callable[[Random], Iterator[Customer]]], ...] = (
        (800, _alone),
        (70, _namesakes),
        (25, _chain),
        (40, _group),
        (25, _building),
        (6, _twins),
        (1, _successor),
        (6, _one_accountant),
    )
    kinds = [maker for share, maker in makers for _ in range(share)]
    while len(found) < count:
        found.extend(random.choice(kinds)(random))
    random.shuffle(found)
    return found[:count]


def _alone(random: Random) -> Iterator[Customer]:
    yield _firm(random, random.choice(COUNTRIES))


def _namesakes(random: Random) -> Iterator[Customer]:
    """Firms of one name in several towns that never heard of each other."""
    first = _firm(random, random.choice(COUNTRIES))
    yield first
    for _ in range(random.randint(1, 3)):
        other = _firm(random, first.country)
        yield replace(other, name=first.name, brand=first.brand, form=first.form)


def _chain(random: Random) -> Iterator[Customer]:
    """Branches: one name, some with a number or a town behind it; each with its own address and holder."""
    first = _firm(random, random.choice(COUNTRIES), brand=_brand(random))
    style = random.choice(("same", "same", "number", "town"))
    shared_mail, hotline = random.random() < 0.15, random.random() < 0.04
    domain = _domain(random, first.brand, first.country)
    for place in range(min(30, 2 + int(random.expovariate(0.25)))):
        branch = _firm(random, first.country)
        behind = {"same": "", "number": f" {place + 1}", "town": f" {branch.city}"}[style]
        name = f"{first.brand}{behind} {first.form}".strip()
        mail = f"info@{domain}" if shared_mail else f"{_plain(branch.city)}{place}@{domain}"
        phone = first.phone if hotline else branch.phone
        yield replace(
            branch, name=name, brand=first.brand, form=first.form, mail=mail, site=f"www.{domain}", phone=phone
        )


def _group(random: Random) -> Iterator[Customer]:
    """Sister companies: one family name before different trades, mostly at one address behind one switchboard."""
    country = random.choice(COUNTRIES)
    words = WORDS[country]
    first = _firm(random, country, brand=_brand(random) if random.random() < 0.5 else random.choice(words["surnames"]))
    domain, one_roof = _domain(random, first.brand, country), random.random() < 0.75
    for trade in random.sample(words["trades"], random.randint(2, 4)):
        form = random.choice(words["forms"])
        sister = _firm(random, country)
        phone = first.phone if random.random() < 0.4 else first.phone[:-2] + f"{random.randint(10, 99)}"
        shared = {"street": first.street, "number": first.number, "city": first.city, "postcode": first.postcode}
        under = replace(sister, **shared, unit="", phone=phone) if one_roof else sister
        mail = f"{random.choice(('info', 'office', _plain(trade)))}@{domain}"
        name = f"{first.brand} {trade} {form}".strip()
        yield replace(under, name=name, brand=first.brand, form=form, mail=mail, site=f"www.{domain}")


def _twins(random: Random) -> Iterator[Customer]:
    """Two firms of one name in two legal forms, as a partnership and the company that leads it: all else shared."""
    first = _firm(random, random.choice(COUNTRIES))
    forms = [f for f in WORDS[first.country]["forms"] if f and _kind(f) != _kind(first.form)]
    form = random.choice(forms)
    yield first
    name = f"{first.name.removesuffix(first.form).strip()} {form}"
    tax_id = customer_ids.tax_id(random, first.country)
    yield replace(first, name=name, form=form, tax_id=tax_id, mail=first.mail if random.random() < 0.7 else "")


def _kind(form: str) -> str:
    """Of two spellings of one legal form the same letters: "Ltd." and "Limited", "S.L." and "S.L.U."."""
    plain = _plain(form)
    same = {"limited": "ltd", "slu": "sl", "corporation": "corp", "sasu": "sas", "co": "", "firm": ""}
    return same.get(plain, plain)


def _successor(random: Random) -> Iterator[Customer]:
    """The firm that took over another one's name and rooms: what it owes, its predecessor does not."""
    first = _firm(random, random.choice(COUNTRIES))
    yield first
    keeps_phone, keeps_mail = random.random() < 0.5, random.random() < 0.5
    new = _firm(random, first.country, brand=first.brand)
    yield replace(
        first,
        tax_id=customer_ids.tax_id(random, first.country),
        phone=first.phone if keeps_phone else new.phone,
        mail=first.mail if keeps_mail else new.mail,
        site=first.site if keeps_mail else new.site,
    )


def _building(random: Random) -> Iterator[Customer]:
    """Strangers at one address, some behind one reception's telephone."""
    first = _firm(random, random.choice(COUNTRIES))
    reception = random.random() < 0.15
    for _ in range(random.randint(2, 12)):
        firm = _firm(random, first.country)
        unit = random.choice([*WORDS[first.country]["units"], ""])
        yield replace(
            firm,
            street=first.street,
            number=first.number,
            city=first.city,
            postcode=first.postcode,
            unit=unit,
            phone=first.phone if reception else firm.phone,
        )


def _one_accountant(random: Random) -> Iterator[Customer]:
    """Strangers in one town whose letters all go to one bookkeeper."""
    country = random.choice(COUNTRIES)
    mail = f"kontor@{_domain(random, _brand(random), country)}"
    for _ in range(random.randint(2, 6)):
        yield replace(_firm(random, country), mail=mail)


def _firm(random: Random, country: str, brand: str = "") -> Customer:
    words = WORDS[country]
    city, postcode, area = random.choice(words["cities"])
    form = random.choice(words["forms"])
    called, name = _name(random, words, brand)
    domain = _domain(random, called, country)
    free = f"{_plain(called)}{random.randint(1, 99)}@{random.choice(_FREE + _REGIONAL)}"
    return Customer(
        country=country,
        name=f"{name} {form}".strip(),
        brand=called,
        form=form,
        street=random.choice(words["streets"]),
        number=str(random.randint(1, 240)) + random.choice(("", "", "", "", "a", "b")),
        unit=random.choice(words["units"]) if random.random() < 0.1 else "",
        city=city,
        postcode=postcode + filled(random, words["postcode"]),
        phone=phone(random, country, area),
        mail=free if random.random() < 0.3 else f"{random.choice(('info', 'office', 'mail', 'sales'))}@{domain}",
        site=f"www.{domain}" if random.random() < 0.5 else "",
        # Some write the number of their register where their tax id belongs.
        tax_id=customer_ids.tax_id(random, country) if random.random() < 0.96 else f"HR {random.randint(1000, 99999)}",
    )


def _name(random: Random, words: dict[str, Any], brand: str) -> tuple[str, str]:
    trade = random.choice(words["trades"])
    surname = random.choice(words["surnames"])
    kind = random.random()
    if brand:
        return brand, f"{brand} {trade}"
    if kind < 0.35:
        made = _brand(random) + random.choice(("", "", "", "", "", "", "", "", "", f" {random.choice(_NUMBERS)}"))
        return made, random.choice((made, f"{made} {trade}", f"{made} {trade}"))
    if kind < 0.6:
        return surname, f"{surname} {trade}"
    if kind < 0.75:
        two = f"{surname} & {random.choice(words['surnames'])}"
        return two, random.choice((two, f"{two} {trade}"))
    if kind < 0.9:
        family = f"{surname} {random.choice(words['sons'])}"
        return family, random.choice((family, f"{family} {trade}"))
    return f"{trade} {surname}", f"{trade} {surname}"


def _brand(random: Random) -> str:
    parts = WORDS["brands"]
    return "".join(random.choice(parts[p]) for p in ("first", "middle", "last")).capitalize()


def phone(random: Random, country: str, area: str) -> str:
    """A number in its international form without blanks."""
    behind = random.choice(WORDS[country]["digits"]) - len(area) - 1
    local = "".join(str(random.randint(0, 9)) for _ in range(behind))
    return f"{WORDS[country]['dial']}{area}{random.randint(2, 9)}{local}"


def filled(random: Random, pattern: str) -> str:
    """A pattern with digits for "#" and capitals for "@"."""
    letters = {"#": "0123456789", "@": "ABDEFGHJLNPQRSTUWXYZ"}
    return "".join(random.choice(letters[c]) if c in letters else c for c in pattern)


def _domain(random: Random, brand: str, country: str) -> str:
    end = {"GB": "co.uk", "US": "com"}.get(country, country.lower())
    # One of many of a name has the plain domain; the others add something.
    tail = random.choice(("", f"-{random.randint(2, 999)}", random.choice(("shop", "online", "24", "group"))))
    return f"{_plain(brand)}{tail}.{random.choice((end, end, 'com'))}"


def _plain(text: str) -> str:
    return "".join(c for c in text.lower().translate(_ASCII) if c.isascii() and c.isalnum()) or "firm"
