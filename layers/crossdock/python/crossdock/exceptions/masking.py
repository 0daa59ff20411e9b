"""Payloads as they may be shown: secrets and personal data are covered, by names of fields and by their looks.

A list of names rather than of paths, because a refused payload may have any shape. Powertools' data masking erases the
fields that it is told of by path; what is to be covered here is not known before it is looked at. Rather too much is
covered than too little: whoever needs the whole payload asks for it, and that is kept in the history.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Final

COVER: Final = "●●●"

# Compared without case and separators: `firstName`, `first_name` and `First-Name` are one.
_SECRET: Final = (
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "apikey",
    "accesskey",
    "privatekey",
    "authorization",
    "signature",
    "cookie",
    "credential",
    "clientstate",
    "hmac",
    "cardnumber",
    "creditcard",
    "cvc",
    "cvv",
    "iban",
    "accountnumber",
    "sortcode",
    "routingnumber",
)
_PERSONAL: Final = (
    "email",
    "phone",
    "mobile",
    "fax",
    "firstname",
    "lastname",
    "middlename",
    "fullname",
    "surname",
    "familyname",
    "givenname",
    "maidenname",
    "contactname",
    "attention",
    "recipient",
    "dateofbirth",
    "birthdate",
    "birthday",
    "nationalid",
    "passport",
    "taxid",
    "vatnumber",
    "street",
    "address",
    "postcode",
    "postalcode",
    "zipcode",
    "ipaddress",
    "browserip",
    "useragent",
    "accountmanager",
    "deliveryinstructions",
)
_WHOLE: Final = frozenset(
    {"zip", "ip", "pin", "tel", "dob", "ssn", "customername"}
    | {"billto", "shipto", "shiptos", "contact", "contacts"}  # of customers: whole documents, each under its id
)
# Attributes of customers of which there are many go by names such as `contact/CT…`.
_ONE_OF_MANY: Final = ("contact/", "ship_to/")
# Whose `name` is a person's, or may be.
_PEOPLE: Final = frozenset({"customer", "buyer", "consumer", "user", "person", "account"})
# Words that hold such a name within and are no such thing.
_HARMLESS: Final = frozenset({"tokens", "addressid", "emailverified"})
_LOOKS: Final = (
    re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)+"),
    re.compile(r"whsec_[A-Za-z0-9+/=]{8,}"),
    re.compile(r"(?i)\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}"),
    re.compile(r"\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*"),
    re.compile(r"\bAKIA[A-Z0-9]{16}\b"),
    re.compile(r"\b(?:sk|rk|pk|shpat|shpss|xox[bp])[_-][A-Za-z0-9_-]{10,}"),
    re.compile(r"\+\d[\d ().-]{7,}\d"),
)
_CARD: Final = re.compile(r"\b\d{4}[ -]?\d{4}[ -]?\d{4}[ -]?\d{4}\b")


def covered(document: Any, within: str = "") -> Any:
    """A copy of a JSON document in which nothing secret or personal can be read; its shape stays as it is.

    `within` is the name of the field that the document is the value of.
    """
    if isinstance(document, Mapping):
        return {n: _all(v) if sensitive(str(n), within) else covered(v, str(n)) for n, v in document.items()}
    if isinstance(document, list | tuple):
        return [covered(value, within) for value in document]
    return covered_text(document) if isinstance(document, str) else document


def covered_text(text: str) -> str:
    """A text without e-mail addresses, phone and card numbers, keys and tokens."""
    for look in _LOOKS:
        text = look.sub(COVER, text)
    return _CARD.sub(lambda found: COVER if _is_card(found[0]) else found[0], text)


def _is_card(text: str) -> bool:
    """Whether the digits end as a card's do (Luhn, ISO/IEC 7812-1): other numbers of sixteen digits stay readable."""
    digits = [int(c) for c in text if c.isdecimal()]
    doubled = [sum(divmod(2 * d, 10)) if n % 2 == 0 else d for n, d in enumerate(digits)]
    return sum(doubled) % 10 == 0


def covered_patch(operations: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A JSON Patch whose values are covered where their path names something sensitive, and within."""
    found = []
    for operation in operations:
        # In a JSON Pointer, a slash that is a part of a name is written ~1.
        names = [name.replace("~1", "/") for name in str(operation.get("path", "")).split("/")]
        hidden = any(sensitive(name, within) for within, name in zip(["", *names], names, strict=False))
        shown = dict(operation)
        for key in {"value", "was"} & shown.keys():
            shown[key] = _all(shown[key]) if hidden else covered(shown[key], names[-1])
        found.append(shown)
    return found


def sensitive(name: str, within: str = "") -> bool:
    """Whether a field of this name, in an object that is the value of `within`, is covered whatever it holds."""
    plain = _plain(name)
    if plain in _HARMLESS:
        return False
    if plain == "name":
        return _plain(within) in _PEOPLE
    return plain in _WHOLE or name.startswith(_ONE_OF_MANY) or any(word in plain for word in _SECRET + _PERSONAL)


def _plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def _all(value: Any) -> Any:
    """A value that is covered altogether: of a list or an object only the shape is left."""
    if isinstance(value, Mapping):
        return {name: _all(inner) for name, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_all(inner) for inner in value]
    return value if value is None or isinstance(value, bool) or value == "" else COVER
