"""Tax ids as they are compared, and what is wrong with one: each country's own rules, from python-stdnum."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final

from crossdock.identity.duplicates.texts import compact

if TYPE_CHECKING:
    from stdnum.util import NumberValidationModule

# Which kinds of id a firm of a country has, by python-stdnum's modules; the first is what we call its tax id. For the
# countries of the European Union the VAT number comes first and is the only one where none other stands here.
_KINDS: Final[dict[str, tuple[str, ...]]] = {
    "AR": ("ar.cuit",),
    "AT": ("at.uid",),
    "AU": ("au.abn", "au.acn"),
    "BE": ("be.vat",),
    "BR": ("br.cnpj",),
    "CA": ("ca.bn",),
    "CH": ("ch.vat", "ch.uid"),
    "CL": ("cl.rut",),
    "CN": ("cn.uscc",),
    "CO": ("co.nit",),
    "DE": ("de.vat", "de.stnr"),
    "ES": ("es.nif",),
    "FR": ("fr.tva", "fr.siren", "fr.siret"),
    "GB": ("gb.vat",),
    "GR": ("gr.vat",),
    "IE": ("ie.vat",),
    "IN": ("in.gstin",),
    "IT": ("it.iva",),
    "JP": ("jp.cn",),
    "KR": ("kr.brn",),
    "MX": ("mx.rfc",),
    "NL": ("nl.btw",),
    "NO": ("no.mva", "no.orgnr"),
    "NZ": ("nz.ird",),
    "PL": ("pl.nip",),
    "PT": ("pt.nif",),
    "RU": ("ru.inn",),
    "SE": ("se.vat", "se.orgnr"),
    "SG": ("sg.uen",),
    "TR": ("tr.vkn",),
    "TW": ("tw.ubn",),
    "US": ("us.ein", "us.tin"),
    "ZA": ("za.tin",),
}
_EU: Final = frozenset(
    [
        "AT",
        "BE",
        "BG",
        "CY",
        "CZ",
        "DE",
        "DK",
        "EE",
        "ES",
        "FI",
        "FR",
        "GR",
        "HR",
        "HU",
        "IE",
        "IT",
        "LT",
        "LU",
        "LV",
        "MT",
        "NL",
        "PL",
        "PT",
        "RO",
        "SE",
        "SI",
        "SK",
    ]
)
# One kind holds the other: a French VAT number ends in the SIREN, a SIRET begins with it, the Norwegian and the Swiss
# VAT numbers are the firm's number with a mark. They are compared as the number they share.
_HELD: Final = {
    "fr.tva": ("fr.siren", slice(2, 11)),
    "fr.siret": ("fr.siren", slice(0, 9)),
    "no.mva": ("no.orgnr", slice(0, 9)),
    "ch.vat": ("ch.uid", slice(0, 12)),
    "se.vat": ("se.orgnr", slice(0, 10)),
}
# Kinds without a check digit: any nine digits may be somebody's, so a typo leads to another valid one.
_UNCHECKED: Final = frozenset({"us.ein", "us.tin"})
_PREFIXED: Final = frozenset({"GB", "GR", *_EU})
_SHORTEST: Final = 4
_LONGEST: Final = 40
# Of several kinds a number might be of, the one that it comes closest to says what is wrong.
_PROBLEMS: Final = (
    "no tax id is like this",
    "it is too long or too short",
    "it has a character where none of its kind may stand",
    "its check digit does not fit: a character is mistyped",
)
# What rules of some countries raise, besides their own errors, for what has neither their length nor digits.
_UNREADABLE: Final = (ValueError, IndexError, KeyError)


@dataclass(frozen=True, slots=True)
class TaxId:
    """One tax id: `kind` is python-stdnum's module, or "" for one that keeps no rule we know."""

    kind: str
    number: str

    @property
    def valid(self) -> bool:
        """Whether it keeps its kind's rules, check digit included where there is one."""
        return bool(self.kind)

    @property
    def proof(self) -> bool:
        """Whether a mistyped character would have shown: it has a check digit, and that fits."""
        return self.valid and self.kind not in _UNCHECKED


def tax_id_of(text: str, country: str) -> TaxId | None:
    """A tax id in one form whatever blanks, signs and country prefix it came with; None for one without a character."""
    plain = compact(text)[:_LONGEST].upper()
    if not plain:
        return None
    for land, number in _readings(plain, country.upper()):
        for kind in _kinds(land):
            found = _valid(kind, number)
            if found is not None:
                return _held(kind, found)
    return TaxId("", _bare(plain, country.upper()))


def tax_id_problem(country: str, text: str) -> str | None:
    """What is wrong with a tax id of a country, for whoever has to mend it; None when nothing is.

    A country whose rules we do not know lets everything pass that has at least four characters.
    """
    land, plain = country.upper(), compact(text)[:_LONGEST].upper()
    if len(plain) < _SHORTEST:
        return "it is shorter than any country's tax id"
    found, kinds = tax_id_of(text, land), _kinds(land)
    if found is None or found.valid or not kinds:
        return None
    number = _bare(plain, land) if land in _PREFIXED else plain
    problem = max((_problem(kind, number) for kind in kinds), key=_PROBLEMS.index)
    return f"{problem}; {land} has {' or '.join(kind.split('.')[1].upper() for kind in kinds)}"


def _problem(kind: str, number: str) -> str:
    from stdnum import exceptions as wrong  # noqa: PLC0415 - only who compares customers pays for it

    try:
        _module(kind).validate(number)
    except wrong.InvalidLength:
        return _PROBLEMS[1]
    except wrong.InvalidFormat:
        return _PROBLEMS[2]
    except wrong.InvalidChecksum:
        return _PROBLEMS[3]
    except (wrong.ValidationError, *_UNREADABLE):
        pass
    return _PROBLEMS[0]


def _readings(plain: str, country: str) -> Iterator[tuple[str, str]]:
    """The countries an id may be of, with what is to be read there: its prefix's, then its customer's."""
    prefix = "GR" if plain[:2] == "EL" else plain[:2]
    if prefix in _KINDS or prefix in _EU:
        yield prefix, plain[2:]
    if prefix == "XI":  # Northern Ireland's goods
        yield "GB", plain[2:]
    yield country, plain


def _bare(plain: str, country: str) -> str:
    own = {country, "EL"} if country == "GR" else {country}
    return plain[2:] if plain[:2] in own and len(plain) > _SHORTEST else plain


@cache
def _kinds(country: str) -> tuple[str, ...]:
    if country in _KINDS:
        return _KINDS[country]
    return (f"{country.lower()}.vat",) if country in _EU else ()


@cache
def _module(kind: str) -> "NumberValidationModule":
    from stdnum.util import get_cc_module  # noqa: PLC0415 - only who compares customers pays for it

    country, name = kind.split(".")
    found = get_cc_module(country, name)
    if found is None:
        raise LookupError(f"python-stdnum has no {kind}")
    return found


def _valid(kind: str, number: str) -> str | None:
    from stdnum.exceptions import ValidationError  # noqa: PLC0415 - only who compares customers pays for it

    try:
        return str(_module(kind).validate(number))
    except (ValidationError, *_UNREADABLE):
        return None


def _held(kind: str, number: str) -> TaxId:
    if kind not in _HELD:
        return TaxId(kind, number)
    inner, part = _HELD[kind]
    # Monaco's VAT numbers are French in form and hold no SIREN.
    return TaxId(inner, number[part]) if number[part].isalnum() else TaxId(kind, number)
