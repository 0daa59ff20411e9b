"""Telephone numbers, mail addresses and web addresses as they are compared."""

import re
from functools import lru_cache
from typing import Final

from crossdock.identity.duplicates.vocabulary import vocabulary

_DIGITS: Final = re.compile(r"\D+")
_SHORTEST: Final = 6
_ADDRESS: Final = re.compile(r"([^@\s<>,;\"]+)@([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
_HOST: Final = re.compile(r"^(?:[a-z]+:)?/{0,2}([a-z0-9-]+(?:\.[a-z0-9-]+)+)")
_LONGEST: Final = 250  # what phonenumbers reads at most


@lru_cache(maxsize=4096)
def phone_of(text: str, country: str) -> str:
    """A telephone number as E.164 ("+4930901820"), read as people in `country` dial it.

    What cannot be one is its digits where there are at least six, else "".
    """
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, is_possible_number, parse  # noqa: PLC0415 - only who compares customers pays for it

    dialled = text.strip()[:_LONGEST]
    try:
        # Nearly everywhere 00 is dialled for "+", and who types it so means it so.
        number = parse("+" + dialled[2:] if dialled.startswith("00") else dialled, country)
        if is_possible_number(number):
            number.extension = None
            return format_number(number, PhoneNumberFormat.E164)
    except NumberParseException:
        pass
    digits = _DIGITS.sub("", text if text.isascii() else "")[:20].lstrip("0")
    return digits if len(digits) >= _SHORTEST else ""


def mail_of(text: str) -> str:
    """A mail address in small letters, without a name around it and what stands behind "+"; "" for none."""
    found = _ADDRESS.search(text.strip().lower())
    return f"{found[1].split('+', 1)[0] or found[1]}@{_bare(found[2])}" if found else ""


def firm_domain(address: str) -> str:
    """The domain of a mail address if it says which firm it is; "" for providers that anybody may use."""
    domain = address.rpartition("@")[2]
    return "" if domain in vocabulary().free_mail else domain


def site_of(text: str) -> str:
    """The host of a web address without "www."; "" for none, and for hosts that many firms have a page on."""
    found = _HOST.match(text.strip().lower())
    host = _bare(found[1]) if found else ""
    lists = vocabulary()
    parent = host.split(".", 1)[-1]
    return "" if host in lists.shared_hosts or parent in lists.shared_hosts or host in lists.free_mail else host


def _bare(host: str) -> str:
    return host.removeprefix("www.") if host.count(".") > 1 else host
