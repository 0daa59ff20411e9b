"""What of a report could not be done, or has to be looked at by somebody."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from crossdock.identity.customers import Suspect

Kind: TypeAlias = Literal[
    "reference_conflict",
    "unknown_customer",
    "unowned_attribute",
    "not_owner",
    "conflicting_report",
    "hierarchy_circle",
    "changed_in_future",
    "possible_duplicate",
    "write_back_fight",
]


@dataclass(frozen=True, slots=True)
class Complaint:
    """One of them: a stable word, what it is of within the customer, a sentence, the remedy, what was left out."""

    kind: Kind
    about: str
    detail: str
    remedy: str
    attributes: tuple[str, ...] = ()


def unowned(found: dict[str, str]) -> Complaint:
    """Attributes that the matrix gives to nobody."""
    names = tuple(sorted(found))
    return Complaint(
        "unowned_attribute",
        ",".join(names),
        f"nobody owns {', '.join(names)}, so nothing can be believed of it",
        "give it an owner in [[ownership.rules]], deploy, then replay",
        names,
    )


def not_owner(source: str, attribute: str, owner: str) -> Complaint:
    """Another system than the owner said something else, and the matrix wants to know."""
    return Complaint(
        "not_owner",
        attribute,
        f"{source} says another {attribute} than {owner}, who owns it",
        f"correct it in {source}, or have {owner} say it; close this when that is done",
        (attribute,),
    )


def contradicts(source: str, version: int, attributes: Sequence[str]) -> Complaint:
    """One version with two contents."""
    return Complaint(
        "conflicting_report",
        ",".join(attributes),
        f"{source} reported version {version} before, with another {', '.join(attributes)}",
        "have the source report it once more under a higher version, then close this",
        tuple(attributes),
    )


def in_future(source: str, changed_at: str, seconds: int, tolerance_s: int) -> Complaint:
    """A clock that is ahead: where the newest wins, it would win for as long as it is."""
    return Complaint(
        "changed_in_future",
        "changed_at",
        f"changed_at {changed_at} is {seconds} s after {source}'s report of it came; "
        f"clocks may be {tolerance_s} s off ([limits] clock_tolerance_seconds)",
        f"have the clock of {source} set, correct changed_at and replay; or replay when that time has come",
    )


def circle(source: str, way: Sequence[str]) -> Complaint:
    """A parent that stands below its child."""
    return Complaint(
        "hierarchy_circle",
        "parent",
        f"the parent that {source} names leads back to the customer itself: {' → '.join(way)}",
        "correct parent in one of them, then replay",
        ("parent",),
    )


def fights(source: str, attribute: str, times: int) -> Complaint:
    """A system that takes what it is told and sets its own value again."""
    return Complaint(
        "write_back_fight",
        attribute,
        f"{source} was told {attribute} {times} times within a day and set its own value again each time",
        f"end the rule or job in {source} that sets it, or make {source} the owner; it is not told again today",
        (attribute,),
    )


def duplicate(customer: str, suspect: Suspect) -> Complaint:
    """Another customer that may be this one."""
    return Complaint(
        "possible_duplicate",
        suspect.other,
        f"{customer} may be {suspect.other} ({suspect.score}): {'; '.join(suspect.why)}",
        f"crossdock customers merge {customer} {suspect.other}, or crossdock customers distinct with the same two",
    )
