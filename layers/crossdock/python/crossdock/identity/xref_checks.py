"""What is asked of cross-references before anything is written: whether they can be any, and what they mean."""

from collections.abc import Iterable, Mapping

from crossdock.contracts.xrefs import MINTED, CrossReference, ExternalId, Kind, faults_of, id_faults
from crossdock.identity.xref_writes import XrefError, said


def checked(reference: CrossReference) -> CrossReference:
    """The reference as given. Raises XrefError ("invalid") when it cannot be kept."""
    for fault in faults_of(reference):
        raise XrefError("invalid", f"{fault.field}: {fault.problem}", fault.remedy)
    return reference


def checked_id(kind: str, external: ExternalId) -> ExternalId:
    """The id as given. Raises XrefError ("invalid") when no system can have it."""
    for fault in id_faults(kind, external):
        raise XrefError("invalid", f"{fault.field}: {fault.problem}", fault.remedy)
    return external


def wrong_kind(kind: Kind, other: CrossReference) -> XrefError:
    """Says that an id belongs to something of another kind."""
    message = f"{said(other.id)} is no {kind}: it belongs to the {other.kind} {other.canonical}".rstrip()
    remedy = f"use the kind {other.kind}, or say that {other.system} numbers its kinds each for itself (--own-numbers)"
    return XrefError("wrong_kind", message, remedy, (other.canonical,))


def meaning(kind: Kind, ids: Iterable[ExternalId], kept: Mapping[ExternalId, CrossReference]) -> str | None:
    """The one thing that these ids mean by what is kept; None when none of them is known.

    An id whose time is over still says what was meant by it. Raises XrefError ("two_meanings"), naming both things.
    """
    found = {kept[i].canonical: i for i in reversed(list(ids)) if i in kept}
    if len(found) > 1:
        (one, first), (other, second) = sorted(found.items())[:2]
        raise XrefError(
            "two_meanings",
            f"{said(first)} is the {kind} {one}, and {said(second)} is the {kind} {other}",
            f"merge the two if they are one {kind}; else correct the ids" if kind in MINTED else "correct the ids",
            sorted(found),
        )
    return next(iter(found), None)
