"""What would become of a rule version if it came in: said before anything is written, in the words used after."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum


class Would(Enum):
    """What would become of a rule version. The first five are taken, in their way; the others are refused."""

    NEW = "new"
    NEWER = "newer"
    SUPERSEDED = "superseded"
    DUPLICATE = "duplicate"
    WAITING = "waiting"
    CONFLICT = "conflict"
    OTHER_TARGET = "other_target"
    UNKNOWN_ITEM = "unknown_item"
    INVALID = "invalid"

    @property
    def refused(self) -> bool:
        """Whether nothing would be kept of it."""
        return self in {Would.CONFLICT, Would.OTHER_TARGET, Would.UNKNOWN_ITEM, Would.INVALID}


@dataclass(frozen=True, slots=True)
class Known:
    """What is kept of a rule already: what it is about, its newest approved version (0: none), and one version's hash.

    `target` and `content_hash` are None when there is none such; `waits` says that this version is a draft.
    """

    target: Mapping[str, str] | None = None
    newest: int = 0
    content_hash: str | None = None
    waits: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """One rule version's: `newest` is the version that counts now (0: none), `problem` and `remedy` for one refused."""

    would: Would
    newest: int = 0
    field: tuple[int | str, ...] = ()
    problem: str = ""
    remedy: str = ""


def judge(version: int, target: Mapping[str, str], content_hash: str, known: Known) -> Verdict:
    """What would become of one version of a rule with this target and content."""
    if known.target is not None and known.target != target:
        about = ", ".join(f"{name} {value}" for name, value in known.target.items()) or "all items"
        return Verdict(
            Would.OTHER_TARGET,
            known.newest,
            ("rule_id",),
            f"is a rule about {about}, and a rule is about one thing for ever",
            "give this one a rule_id of its own, and withdraw the other if it is to end",
        )
    if known.content_hash is not None and known.content_hash != content_hash:
        return Verdict(
            Would.CONFLICT,
            known.newest,
            ("version",),
            "was kept before with other content, and a version is never changed",
            f"send it as a new version, above {max(known.newest, version)}",
        )
    if known.content_hash is not None:
        return Verdict(Would.WAITING if known.waits else Would.DUPLICATE, known.newest)
    if version < known.newest:
        return Verdict(Would.SUPERSEDED, known.newest)
    return Verdict(Would.NEWER if known.newest else Would.NEW, known.newest)


def unknown_item(source: str, code: str) -> Verdict:
    """Nobody has said which of our items a source's code means."""
    return Verdict(
        Would.UNKNOWN_ITEM,
        0,
        ("item",),
        f"no cross-reference says which item {source} means by {code!r}",
        f"declare it (items.declared, or crossdock xref add {source} CODE SKU), then send the rule again",
    )


def invalid(field: tuple[int | str, ...], problem: str, remedy: str) -> Verdict:
    """A rule that turned out to be none in the distributor's time zone or when it was read."""
    return Verdict(Would.INVALID, 0, field, problem, remedy)
