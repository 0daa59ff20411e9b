"""Tax ids that keep their country's rules, with python-stdnum's own check digits, and the ways people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from stdnum import luhn
from stdnum.de import vat as german
from stdnum.es import cif
from stdnum.iso7064 import mod_11_10
from stdnum.nl import bsn
from stdnum.pl import nip

if TYPE_CHECKING:
    from collections.abc import Callable
    from random import Random

_EIN = ("10", "12", "20", "26", "27", "35", "36", "45", "46", "47", "52", "61", "75", "81", "82", "84")


def tax_id(random: Random, country: str) -> str:
    """A valid tax id of one of the eight countries, without prefix and signs."""
    return _MADE[country](random)


def _german(random: Random) -> str:
    head = _digits(random, 8)
    return german.validate(head + mod_11_10.calc_check_digit(head))


def _british(random: Random) -> str:
    head = _digits(random, 7)
    total = sum(int(d) * w for d, w in zip(head, range(8, 1, -1), strict=True))
    return f"{head}{97 - total % 97:02d}"


def _american(random: Random) -> str:
    return random.choice(_EIN) + _digits(random, 7)


def _french(random: Random) -> str:
    head = _digits(random, 8)
    siren = head + luhn.calc_check_digit(head)
    return f"{(12 + 3 * (int(siren) % 97)) % 97:02d}{siren}"


def _dutch(random: Random) -> str:
    while not bsn.is_valid(found := _digits(random, 9)):
        pass
    return f"{found}B0{random.randint(1, 3)}"


def _italian(random: Random) -> str:
    head = _digits(random, 7) + f"{random.randint(1, 99):03d}"
    return head + luhn.calc_check_digit(head)


def _spanish(random: Random) -> str:
    head = f"B{_digits(random, 7)}"
    return head + cif.calc_check_digits(head)[0]


def _polish(random: Random) -> str:
    while not nip.is_valid(found := _digits(random, 10)):
        pass
    return found


_MADE: dict[str, Callable[[Random], str]] = {
    "DE": _german,
    "GB": _british,
    "US": _american,
    "FR": _french,
    "NL": _dutch,
    "IT": _italian,
    "ES": _spanish,
    "PL": _polish,
}


def written(random: Random, country: str, number: str) -> str:
    """A tax id as somebody types it: with or without prefix, with blanks, points or dashes."""
    if " " in number:
        return random.choice((number, number.replace(" ", "")))
    if country == "US":
        return random.choice((number, f"{number[:2]}-{number[2:]}"))
    prefix = random.choice((country, country, "", f"{country} "))
    grouped = " ".join(number[n : n + 3] for n in range(0, len(number), 3))
    styles = [number, number, grouped]
    if country == "PL":
        styles.append(f"{number[:3]}-{number[3:6]}-{number[6:8]}-{number[8:]}")
    return prefix + random.choice(styles)


def _digits(random: Random, count: int) -> str:
    return str(random.randint(1, 9)) + "".join(str(random.randint(0, 9)) for _ in range(count - 1))
