"""The same customers as several systems would write them: near-duplicates with a known kind of damage, and the truth.

Whatever the damage, each record is filled in by somebody: another way to write telephone numbers and tax ids, another
mailbox of the same firm, fields left empty. So a pair differs in more than what its kind of damage says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from random import Random
from typing import TYPE_CHECKING

from crossdock.identity.duplicates.party import Party
from tests.support import customer_ids
from tests.support.made_customers import WORDS, Customer, customers, filled, phone

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

SHARE = 0.03
"""Of all customers, those that are a duplicate of another one."""
_KEPT = {"tax_id": 0.75, "phone": 0.88, "mail": 0.8, "site": 0.8, "street": 0.97}
_KEPT_AGAIN = {"tax_id": 0.9, "phone": 0.9, "mail": 0.85, "site": 0.7, "street": 0.95}
_FREE = ("gmail.com", "outlook.com", "gmx.de")
_SHORT = {
    "straße": "str.", "Straße": "Str.", "Street": "St", "Road": "Rd.", "Avenue": "Ave", "Drive": "Dr", "Lane": "Ln",
    "Boulevard": "Blvd", "Parkway": "Pkwy", "Highway": "Hwy", "North": "N", "West": "W", "rue": "r.", "avenue": "av.",
    "boulevard": "bd", "chemin": "ch.", "straat": "str.", "Via": "V.", "Corso": "C.so", "Piazza": "P.za", "Calle": "C/",
    "Avenida": "Avda.", "Plaza": "Pl.", "ul. ": "", "al.": "aleja", "Square": "Sq", "Saint": "St", "St ": "Saint ",
}  # fmt: skip
_WORDS_SHORT = {
    "International": "Intl", "Services": "Svcs", "Manufacturing": "Mfg", "Brothers": "Bros", "Engineering": "Eng.",
    "Technologies": "Tech", "Industries": "Ind", "Distribution": "Dist.", "Construction": "Constr.", "Supply": "Sup",
    "Supplies": "Sup", "Transport": "Transp.", "Wholesale": "Whsle", "Properties": "Props", "Associates": "Assoc.",
    "Gebr.": "Gebrüder", "Hermanos": "Hnos.", "Fratelli": "F.lli", "Frères": "Frs", "Center": "Ctr", "Centre": "Ctr",
    "&": "and", "Beteiligungen": "Beteiligungs", "Handelsonderneming": "Handelsond.", "Immobilien": "Immob.",
    "Maschinenbau": "Masch.bau", "Großhandel": "Grosshdl.", "Logistics": "Log.", "Electrical": "Elec.",
    "Partners": "Ptnrs",
    "Holding": "Hldg", "Holdings": "Hldgs", "Construcciones": "Constr.", "Distribuciones": "Distr.", "Plumbing": "Plbg",
    "Costruzioni": "Costr.", "Elektro": "El.", "Électricité": "Élec.", "Sanitär": "San.", "Furniture": "Furn.",
}  # fmt: skip
_ABROAD = {
    "München": "Munich", "Köln": "Cologne", "Nürnberg": "Nuremberg", "Milano": "Milan", "Roma": "Rome",
    "Torino": "Turin",
    "Napoli": "Naples", "Firenze": "Florence", "Padova": "Padua", "Sevilla": "Seville", "Warszawa": "Warsaw",
    "Frankfurt am Main": "Frankfurt/M.",
}  # fmt: skip
_SPELT = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "Ä": "Ae", "Ö": "Oe", "Ü": "Ue", "ø": "oe"})
_PLAIN = str.maketrans("äöüéèêáàâíîóôòúûñçłńśźżąęćÉÁŚŻŁÜÖÄÍÓ", "aoueeeaaaiiooouuncnnszzaecEASZLUOAIO"[:36])


@dataclass(frozen=True, slots=True)
class Population:
    """Customers as they are compared, and which pairs of them are one: (lower id, higher id) → the kind of damage."""

    parties: tuple[Party, ...]
    truth: Mapping[tuple[str, str], str]


def population(seed: int, count: int) -> Population:
    """So many customers of which SHARE are near-duplicates of others, all kinds of damage alike often."""
    random = Random(f"customers {seed}")  # noqa: S311 - nothing is secret here
    twice = round(count * SHARE)
    firms = customers(random, count - twice)
    records = [(str(n), party_of(random, firm, _KEPT)) for n, firm in enumerate(firms)]
    kinds = [kind for n, kind in enumerate(KINDS * (twice // len(KINDS) + 1)) if n < twice]
    chosen = random.sample(range(len(firms)), twice)
    pairs: list[tuple[str, str, str]] = []
    for n, (original, kind) in enumerate(zip(chosen, kinds, strict=True)):
        firm, done = _damaged(random, firms[original], kind)
        number = str(len(firms) + n)
        records.append((number, _again(random, firm, done)))
        pairs.append((str(original), number, done))
    random.shuffle(records)
    ids = {number: f"CU{place:016d}" for place, (number, _) in enumerate(records)}
    parties = tuple(replace(party, id=ids[number]) for number, party in records)
    return Population(parties, {_pair(ids[a], ids[b]): kind for a, b, kind in pairs})


def _pair(a: str, b: str) -> tuple[str, str]:
    return (a, b) if a < b else (b, a)


def party_of(random: Random, firm: Customer, kept: Mapping[str, float]) -> Party:
    """A firm as somebody filled it in: each field in some format, and left out as often as `kept` says."""
    has = {name: random.random() < share for name, share in kept.items()}
    number = firm.tax_id and customer_ids.written(random, firm.country, firm.tax_id)
    return Party(
        id="",
        name=firm.name,
        tax_ids=(number,) if has["tax_id"] and number else (),
        street=_street(firm) if has["street"] else None,
        city=firm.city,
        postcode=firm.postcode if random.random() < 0.98 else None,
        country=firm.country,
        phones=(_dialled(random, firm),) if has["phone"] and firm.phone else (),
        emails=(firm.mail,) if has["mail"] and firm.mail else (),
        websites=(firm.site,) if has["site"] and firm.site else (),
    )


def _street(firm: Customer) -> str:
    ahead = firm.country in {"GB", "US", "FR"}
    written = f"{firm.number} {firm.street}" if ahead else f"{firm.street} {firm.number}"
    return f"{written}, {firm.unit}" if firm.unit else written


def _dialled(random: Random, firm: Customer) -> str:
    dial = WORDS[firm.country]["dial"]
    if not firm.phone.startswith(dial):
        return firm.phone
    rest = firm.phone.removeprefix(dial)
    spaced = f"{rest[:3]} {rest[3:6]} {rest[6:]}".strip()
    if firm.country == "US":
        return random.choice((firm.phone, f"({rest[:3]}) {rest[3:6]}-{rest[6:]}", f"{rest[:3]}.{rest[3:6]}.{rest[6:]}"))
    zero = "" if firm.country in {"IT", "ES", "PL"} else "0"
    return random.choice(
        (firm.phone, f"{dial} {spaced}", f"{zero}{spaced}", f"{zero}{rest[:3]}/{rest[3:]}", f"00{dial[1:]} {spaced}")
    )


def _again(random: Random, firm: Customer, kind: str) -> Party:
    """The second record of a firm; in "missing_fields" half of what one could compare is gone."""
    domain = firm.mail.rpartition("@")[2]
    chance = random.random()
    if firm.site and chance < 0.35:
        firm = replace(firm, mail=f"{random.choice(('anna', 'j.smith', 'einkauf', 'orders', 'ap'))}@{domain}")
    elif chance < 0.45:
        firm = replace(firm, mail=f"{filled(random, '@@@####').lower()}@{random.choice(_FREE)}")
    party = party_of(random, firm, _KEPT_AGAIN)
    if kind == "missing_fields":
        for name in random.sample(("tax_ids", "phones", "emails", "websites", "street"), 3):
            party = replace(party, **{name: None if name == "street" else ()})
    if kind == "tax_id_absent":
        party = replace(party, tax_ids=())
    return party


def _damaged(random: Random, firm: Customer, kind: str) -> tuple[Customer, str]:
    """The firm with a kind of damage; where that kind changes nothing (no umlaut to spell), a typo."""
    if kind in _KEEPING:
        return firm, kind
    made = _DAMAGE[kind](random, firm)
    return (made, kind) if made != firm else (_typo(random, firm), "typo")


def _typo(random: Random, firm: Customer) -> Customer:
    name = _mistyped(random, firm.name)
    if random.random() < 0.3:
        name = _mistyped(random, name)
    return replace(firm, name=name, street=_mistyped(random, firm.street) if random.random() < 0.3 else firm.street)


def _mistyped(random: Random, text: str) -> str:
    places = [n for n, c in enumerate(text[:-1]) if c.isalpha()]
    if not places:
        return text
    at = random.choice(places)
    letter = random.choice("aeinrstlom")
    made = (
        text[:at] + text[at + 1 :],
        text[:at] + letter + text[at:],
        text[:at] + letter + text[at + 1 :],
        text[:at] + text[at + 1] + text[at] + text[at + 2 :],
        text[:at] + text[at] + text[at:],
    )
    return random.choice(made)


def _form_dropped(_: Random, firm: Customer) -> Customer:
    return replace(firm, name=firm.name.removesuffix(firm.form).strip() or firm.name)


def _abbreviated(_: Random, firm: Customer) -> Customer:
    return replace(firm, name=" ".join(_WORDS_SHORT.get(word, word) for word in firm.name.split()))


def _moved_phone(random: Random, firm: Customer) -> Customer:
    area = firm.phone.removeprefix(WORDS[firm.country]["dial"])[:2]
    return replace(firm, phone=phone(random, firm.country, area))


def _moved(random: Random, firm: Customer) -> Customer:
    words = WORDS[firm.country]
    near = [place for place in words["cities"] if place[0] == firm.city]
    city, postcode, _ = random.choice(near if random.random() < 0.5 else words["cities"])
    return replace(
        firm,
        street=random.choice(words["streets"]),
        number=str(random.randint(1, 240)),
        unit="",
        city=city,
        postcode=postcode + filled(random, words["postcode"]),
    )


def _other_format(random: Random, firm: Customer) -> Customer:
    street, postcode = firm.street, firm.postcode
    for long, short in _SHORT.items():
        if long in street:
            street = street.replace(long, short, 1)
            break
    if firm.country == "US" and random.random() < 0.5:
        postcode = f"{postcode}-{random.randint(1000, 9999)}"
    elif firm.country in {"DE", "FR"} and random.random() < 0.3:
        postcode = f"{firm.country[0]}-{postcode}"
    else:
        postcode = random.choice((postcode, postcode.replace(" ", ""), postcode.lstrip("0")))
    units = WORDS[firm.country]["units"]
    unit = "" if firm.unit else random.choice(units) if random.random() < 0.4 else ""
    city = _ABROAD.get(firm.city, firm.city) if random.random() < 0.5 else random.choice((firm.city, firm.city.upper()))
    number = firm.number[:-1] + " " + firm.number[-1].upper() if firm.number[-1].isalpha() else firm.number
    return replace(firm, street=street, postcode=postcode, unit=unit, city=city, number=number)


def _swapped(random: Random, firm: Customer) -> Customer:
    words = firm.name.removesuffix(firm.form).split()
    random.shuffle(words)
    return replace(firm, name=f"{' '.join(words)} {firm.form}".strip())


def _word_dropped(random: Random, firm: Customer) -> Customer:
    words = firm.name.removesuffix(firm.form).split()
    return replace(firm, name=f"{' '.join(words[:-1])} {firm.form}".strip()) if len(words) > 1 else firm


def _initials(_: Random, firm: Customer) -> Customer:
    words = [w for w in firm.name.removesuffix(firm.form).split() if w[0].isalpha()]
    short = "".join(w[0].upper() for w in words)
    return replace(firm, name=f"{short} {firm.form}".strip()) if len(words) > 2 else firm


def _transliterated(random: Random, firm: Customer) -> Customer:
    table = random.choice((_SPELT, _PLAIN))
    return replace(
        firm, name=firm.name.translate(table), street=firm.street.translate(table), city=firm.city.translate(table)
    )


def _tax_prefix(random: Random, firm: Customer) -> Customer:
    return replace(firm, name=firm.name.upper())  # the id is written anew in any case: see party_of


def _tax_typo(random: Random, firm: Customer) -> Customer:
    at = random.randrange(len(firm.tax_id))
    return replace(firm, tax_id=firm.tax_id[:at] + str(random.randint(0, 9)) + firm.tax_id[at + 1 :])


def _trade_name(random: Random, firm: Customer) -> Customer:
    """What the firm is called at its door, and at half of them it is another door."""
    words = WORDS[firm.country]
    name = f"{''.join(random.choice(words['surnames']).split())} {random.choice(words['trades'])}"
    return replace(_moved(random, firm) if random.random() < 0.5 else firm, name=name)


def _several(random: Random, firm: Customer) -> Customer:
    for kind in random.sample(
        ("typo", "form_dropped", "abbreviation", "moved_phone", "address_format", "swapped_words"), 3
    ):
        firm = _DAMAGE[kind](random, firm)
    return firm


_DAMAGE: dict[str, Callable[[Random, Customer], Customer]] = {
    "typo": _typo,
    "form_dropped": _form_dropped,
    "abbreviation": _abbreviated,
    "moved_phone": _moved_phone,
    "moved": _moved,
    "address_format": _other_format,
    "swapped_words": _swapped,
    "word_dropped": _word_dropped,
    "initials": _initials,
    "transliteration": _transliterated,
    "tax_id_prefix": _tax_prefix,
    "tax_id_typo": _tax_typo,
    "trade_name": _trade_name,
    "several": _several,
}
_KEEPING = ("missing_fields", "tax_id_absent")
KINDS = (*_DAMAGE, *_KEEPING)
