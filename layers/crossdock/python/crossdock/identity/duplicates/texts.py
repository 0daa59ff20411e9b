"""One spelling for what people write in several: small letters, no accents, no punctuation, Latin script."""

import re
import unicodedata
from typing import Final

# What Unicode does not take apart. Cyrillic follows what passports use (ICAO 9303), Greek ELOT 743, both without the
# signs that Latin letters cannot keep apart.
_LETTERS: Final = str.maketrans(
    dict(zip("øłđðþħıæœßǿ", ("o", "l", "d", "d", "th", "h", "i", "ae", "oe", "ss", "o"), strict=True))
    | dict(zip("абвгдезийклмнопрстуфхэєіґў", "abvgdeziiklmnoprstufheeigu", strict=True))
    | {
        "ж": "zh",
        "ц": "ts",
        "ч": "ch",
        "ш": "sh",
        "щ": "shch",
        "ю": "iu",
        "я": "ia",
        "ы": "y",
        "ь": "",
        "ъ": "",
        "ї": "i",
    }
    | dict(zip("αβγδεζηικλμνξοπρστυφω", "avgdeziiklmnxoprstyfo", strict=True))
    | {"θ": "th", "χ": "ch", "ψ": "ps", "ς": "s"}
)
# Apostrophes of every shape, and accents that stand alone: O'Neill is "oneill".
_DROPPED: Final = re.compile(r"['`\u00b4\u02bc\u2018\u2019]")
_BETWEEN: Final = re.compile(r"[\W_]+")
# "Mueller" is how "Müller" is written without an umlaut, and "Broennum" "Brønnum".
_UMLAUT: Final = re.compile(r"([aou])e+")


def fold(text: str) -> str:
    """The words of a text in their plainest form, one blank between them; "" when it has neither letter nor digit.

    Folding what is folded changes nothing. Scripts other than Latin, Greek and Cyrillic stay as they are.
    """
    return _UMLAUT.sub(r"\1", spelt(text))


def spelt(text: str) -> str:
    """As `fold`, but with "ue" as it was written: for names in which it may be a typo and no umlaut."""
    if not text.isascii():
        plain = unicodedata.normalize("NFKD", text).casefold().translate(_LETTERS)
        text = "".join(c for c in unicodedata.normalize("NFKD", plain) if not unicodedata.combining(c))
    return _BETWEEN.sub(" ", _DROPPED.sub("", text.lower())).strip()


def compact(text: str) -> str:
    """Letters and digits only, small: for codes in which blanks and signs mean nothing."""
    return fold_code(text).replace(" ", "")


def fold_code(text: str) -> str:
    """As `fold`, with every letter kept: in a code "ae" is not an umlaut."""
    plain = unicodedata.normalize("NFKD", text).casefold() if not text.isascii() else text.lower()
    return _BETWEEN.sub(" ", plain).strip()
