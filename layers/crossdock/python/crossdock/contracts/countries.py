"""Countries as systems write them: by their two letters, their three, or a name in English or their own language.

`countries.txt` has one line a country: the codes of ISO 3166-1, and its names in plain small letters.
"""

import unicodedata
from functools import cache
from pathlib import Path


def country_code(text: str) -> str | None:
    """The two letters of a country; None when the text names none."""
    return _codes().get(_plain(text))


@cache
def _codes() -> dict[str, str]:
    found: dict[str, str] = {}
    lines = (Path(__file__).parent / "countries.txt").read_text(encoding="utf-8").splitlines()
    for line in lines:
        two, three, names = line.split(" ", 2)
        found |= dict.fromkeys([two.lower(), three.lower(), *names.split("; ")], two)
    return found


def _plain(text: str) -> str:
    """Small letters and digits without accents, words apart by one space."""
    letters = (c for c in unicodedata.normalize("NFKD", text.casefold()) if not unicodedata.combining(c))
    return " ".join("".join(c if c.isalnum() else " " for c in letters).split())
