"""Names of firms as they are compared: without legal form, stop words and abbreviations."""

from dataclasses import dataclass
from itertools import pairwise

from crossdock.identity.duplicates.texts import fold, spelt
from crossdock.identity.duplicates.vocabulary import Vocabulary, vocabulary


@dataclass(frozen=True, slots=True)
class Name:
    """A name taken apart.

    `words` in alphabetical order without numbers and legal form; `own` are those of them that are not words of trade
    (all of them where there are no others); `numbers` tell branches apart ("Store 14"). `joined` is all
    words as one in their order, what "Nord Stern" and "Nordstern" share, and `spelling` the whole name without
    blanks, as it was typed: a typo may stand in a word's abbreviation, its legal form or its blank.
    """

    words: tuple[str, ...]
    own: frozenset[str]
    numbers: frozenset[str]
    form: str | None
    initials: str
    joined: str
    spelling: str


NOBODY = Name((), frozenset(), frozenset(), None, "", "", "")


def name_of(text: str) -> Name:
    """A name taken apart; one that cannot be read has no words."""
    lists = vocabulary()
    tokens = _initials_joined(fold(text).split(), lists)
    rest, form = _without_form(tokens, lists)
    meant = [lists.name_words.get(t, t) for t in rest if t not in lists.name_stop] or rest
    numbers = frozenset(t.lstrip("0") or "0" for t in meant if t.isdigit())
    plain = [t for t in meant if not t.isdigit()]
    words = tuple(sorted(plain))
    own = frozenset(w for w in words if w not in lists.generic) or frozenset(words)
    return Name(words, own, numbers, form, "".join(t[0] for t in plain), "".join(plain), spelt(text).replace(" ", ""))


def _initials_joined(tokens: list[str], lists: Vocabulary) -> list[str]:
    """Single letters that belong together as one word: "b s h" is what was left of "B.S.H.", "f lli" of "F.lli"."""
    joined: list[str] = []
    run = ""
    for token, following in pairwise([*tokens, ""]):
        single = len(token) == 1 and token.isalpha()
        if single and (len(following) == 1 and following.isalpha()):
            run += token
        elif single and not run and token + following in lists.name_words:
            run = token
        else:
            joined.append(run + token if single or (run and run + token in lists.name_words) else token)
            run = ""
    return joined


def _without_form(tokens: list[str], lists: Vocabulary) -> tuple[list[str], str | None]:
    """The words without the legal forms at the end, or one in front ("AB Volvo"); the form is the last one's.

    A name that is nothing but legal forms keeps its words.
    """
    rest, form = tokens, None
    while found := _form_at_end(rest, lists):
        length, meaning = found
        rest, form = rest[:-length], _together(meaning, form)
    if form is None and len(rest) > 1 and (rest[0],) in lists.legal_forms:
        form, rest = lists.legal_forms[rest[0],], rest[1:]
    return (rest, form) if rest else (tokens, form)


def _form_at_end(tokens: list[str], lists: Vocabulary) -> tuple[int, str] | None:
    for length in range(min(lists.longest_form, len(tokens)), 0, -1):
        meaning = lists.legal_forms.get(tuple(tokens[-length:]))
        if meaning:
            return length, meaning
    return None


def _together(before: str, after: str | None) -> str:
    """Of two forms in a row the one that says more: "Company Limited" is limited, "Co. KG" behind GmbH is its own."""
    if after is None:
        return before
    if before == "gmbh" and after == "kg":
        return "gmbh_co_kg"
    return after if before == "company" else before if after == "company" else after
