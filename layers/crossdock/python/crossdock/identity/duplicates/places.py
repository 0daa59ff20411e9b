"""Addresses as they are compared: street words, house number, unit, postcode, city."""

import re
from dataclasses import dataclass
from typing import Final

from crossdock.identity.duplicates.texts import compact, fold
from crossdock.identity.duplicates.vocabulary import Vocabulary, vocabulary

_NUMBER: Final = re.compile(r"\d+")
_HOUSE: Final = re.compile(r"\d{1,6}[a-z]?")
_PREFIX: Final = re.compile(r"^(?:[a-z]{1,3}[-\s]+)(?=\d)")
# Digits of a postcode where it has nothing but digits; spreadsheets take the zeros in front away.
_DIGITS: Final = {"DE": 5, "US": 5, "FR": 5, "IT": 5, "ES": 5, "PL": 5, "AT": 4, "CH": 4, "BE": 4, "DK": 4, "NO": 4}


@dataclass(frozen=True, slots=True)
class Place:
    """An address taken apart; what is not known is empty. `street` is all words of it joined, `box` a PO box."""

    street: str
    number: str
    unit: str
    box: str
    postcode: str
    city: str
    country: str


def place_of(street: str | None, city: str | None, postcode: str | None, country: str | None) -> Place:
    """An address taken apart; whatever is unreadable is as if it was not known."""
    land = compact(country or "").upper()
    words, number, unit, box = _street(fold(street or ""), vocabulary())
    return Place(words, number, unit, box, postcode_of(postcode or "", land), _city(city or ""), land)


def postcode_of(text: str, country: str) -> str:
    """A postcode in one form: "D-01067" and "1067" of DE are "01067", "60601-1234" of US is "60601"."""
    plain = _PREFIX.sub("", text.strip().lower()) if country != "GB" else text
    found = compact(plain)
    length = _DIGITS.get(country)
    if length and found.isdigit():
        # The four digits behind a US ZIP code name the side of a street.
        found = found[:5] if country == "US" and len(found) in {8, 9} else found
        return found.zfill(length)
    if country == "NL":
        return found[:4] if found[:4].isdigit() else found
    return found


def _city(text: str) -> str:
    """Cities without what stands behind a comma or in brackets, and without districts: "Frankfurt am Main (Höchst)"."""
    words = fold(re.split(r"[,(/]", text, maxsplit=1)[0] or text).split()
    return "".join(words[:1] if len(words) > 1 and words[1] in {"am", "an", "im", "upon", "sur"} else words)


def _street(folded: str, lists: Vocabulary) -> tuple[str, str, str, str]:
    tokens = folded.split()
    tokens, box = _box(tokens, lists)
    tokens, unit = _unit(tokens, lists)
    number = ""
    words: list[str] = []
    skip = False
    for place, token in enumerate(tokens):
        if skip:
            skip = False
        elif _HOUSE.fullmatch(token) and not number:
            follows = tokens[place + 1] if place + 1 < len(tokens) else ""
            # "12 a" is "12a", as long as the letter is no street's.
            skip = token.isdigit() and len(follows) == 1 and follows.isalpha() and place > 0
            number = token.lstrip("0") + (follows if skip else "")
        elif not _NUMBER.fullmatch(token) and token not in lists.street_stop:
            words.append(_meant(token, lists))
    return "".join(words), number, unit, box


def _meant(token: str, lists: Vocabulary) -> str:
    for ending, short in lists.street_endings:
        if token.endswith(short) and len(token) > len(short) + 2:
            return token.removesuffix(short) + ending
    return lists.street_words.get(token, token)


def _box(tokens: list[str], lists: Vocabulary) -> tuple[list[str], str]:
    for words in lists.boxes:
        for start in range(len(tokens) - len(words)):
            behind = tokens[start + len(words)]
            if tuple(tokens[start : start + len(words)]) == words and behind[0].isdigit():
                return tokens[:start] + tokens[start + len(words) + 1 :], behind
    return tokens, ""


def _unit(tokens: list[str], lists: Vocabulary) -> tuple[list[str], str]:
    """Takes out "Suite 300", and "3. OG" the other way round, where a house number is left besides."""
    for place, token in enumerate(tokens):
        behind = tokens[place + 1] if place + 1 < len(tokens) else ""
        if token in lists.units and behind and (behind[0].isdigit() or len(behind) == 1) and (place or len(tokens) > 3):  # noqa: PLR2004 - "Unit 5 Main Street" has no other number
            return tokens[:place] + tokens[place + 2 :], behind
        if place > 1 and token in lists.units and tokens[place - 1][0].isdigit():
            return tokens[: place - 1] + tokens[place + 1 :], tokens[place - 1]
    return tokens, ""
