"""The lists of `vocabulary.toml`, checked and folded: legal forms, words of trade, abbreviations, mail providers."""

import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from crossdock.identity.duplicates.texts import fold

_FILE: Final = Path(__file__).with_name("vocabulary.toml")


class VocabularyError(ValueError):
    """The lists contradict each other; the message names the table and the word."""


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """Words by what they mean. `legal_forms` goes from the words of a spelling to the form."""

    version: int
    legal_forms: Mapping[tuple[str, ...], str]
    longest_form: int
    name_stop: frozenset[str]
    generic: frozenset[str]
    name_words: Mapping[str, str]
    units: frozenset[str]
    boxes: tuple[tuple[str, ...], ...]
    street_stop: frozenset[str]
    street_endings: tuple[tuple[str, str], ...]
    street_words: Mapping[str, str]
    free_mail: frozenset[str]
    shared_hosts: frozenset[str]


@cache
def vocabulary() -> Vocabulary:
    """The lists as they are shipped, read once."""
    return read(tomllib.loads(_FILE.read_text(encoding="utf-8")))


def read(document: Mapping[str, Any]) -> Vocabulary:
    """The lists of a document. Raises VocabularyError for a spelling that stands for two things, or for nothing."""
    names, streets, mail = document["names"], document["streets"], document["mail"]
    forms = {
        tuple(spelling.split()): form for spelling, form in _turned("legal_forms", document["legal_forms"]).items()
    }
    return Vocabulary(
        version=document["version"],
        legal_forms=MappingProxyType(forms),
        longest_form=max(map(len, forms), default=0),
        name_stop=_folded("names.stop", names["stop"]),
        generic=_folded("names.generic", names["generic"]),
        name_words=MappingProxyType(_turned("names.abbreviations", names["abbreviations"])),
        units=_folded("streets.units", streets["units"]),
        boxes=tuple(tuple(fold(box).split()) for box in streets["boxes"]),
        street_stop=_folded("streets.stop", streets["stop"]),
        street_endings=tuple((fold(end), fold(short)) for end, short in streets["endings"].items()),
        street_words=MappingProxyType(_turned("streets.abbreviations", streets["abbreviations"])),
        free_mail=frozenset(mail["free"]),
        shared_hosts=frozenset(mail["shared"]),
    )


def _folded(table: str, words: Iterable[str]) -> frozenset[str]:
    found = [_word(table, word) for word in words]
    return frozenset(found)


def _word(table: str, word: str) -> str:
    folded = fold(word)
    if not folded:
        raise VocabularyError(f"{table}: {word!r} has no letter that can be compared")
    return folded


def _turned(table: str, spellings: Mapping[str, Iterable[str]]) -> dict[str, str]:
    """From each spelling to what it stands for; a word that stands for another is itself no abbreviation."""
    found: dict[str, str] = {}
    for meaning, words in spellings.items():
        for word in words:
            folded = _word(table, word)
            kept = found.setdefault(folded, meaning if table == "legal_forms" else fold(meaning))
            if kept != (meaning if table == "legal_forms" else fold(meaning)):
                raise VocabularyError(f"{table}: {word!r} stands for {kept!r} and for {meaning!r}")
    return found
