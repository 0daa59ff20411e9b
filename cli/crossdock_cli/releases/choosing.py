"""Which version each function goes back to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final

from crossdock_cli.errors import CliError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from crossdock_cli.releases.aliases import Deployed, Version

# A deployment publishes its first and its last version within this time: both canaries, one after the other, and time
# for the stacks. Functions that a release did not change stay where they are.
RELEASE: Final = timedelta(minutes=60)


@dataclass(frozen=True, slots=True)
class Turn:
    """A function and the version that its callers are to reach; None when there is none to go back to."""

    function: Deployed
    to: Version | None


def last_release(functions: Sequence[Deployed]) -> datetime:
    """When the newest release began: versions that callers reach now and that were published within an hour."""
    live = [v.at for f in functions if (v := f.version(max(f.live, f.shifting or 0)))]
    if not live:
        raise CliError("no version is reached by anybody", "deploy first: make deploy STAGE=<stage>")
    return min(at for at in live if at > max(live) - RELEASE)


def back(functions: Sequence[Deployed], before: datetime) -> list[Turn]:
    """Each function whose callers reach a version that was not published before an instant, and its newest that was."""
    return [
        Turn(f, f.before(before))
        for f in functions
        if any(v.number in {f.live, f.shifting} and v.at >= before for v in f.versions)
    ]


def one(functions: Sequence[Deployed], name: str, to: int | None) -> Turn:
    """One function, by its deployed name, to a version or to the one before the one that its callers reach.

    Raises CliError for none.
    """
    found = next((f for f in functions if f.name == name), None)
    if found is None:
        raise CliError(f"there is no function '{name}'", "the stage's functions: crossdock versions list")
    if to is not None:
        version = found.version(to)
        if version is None:
            kept = ", ".join(str(v.number) for v in found.versions)
            raise CliError(f"{found.name} has no version {to}", f"it has: {kept or 'none'}")
        return Turn(found, version)
    return Turn(found, next((v for v in reversed(found.versions) if v.number < found.live), None))


def spare(function: Deployed, keep: int) -> list[Version]:
    """The versions that can go: not reached, not the `keep` newest before the one that is."""
    older = [v for v in function.versions if v.number < function.live and v.number != function.shifting]
    return older[: max(0, len(older) - keep)]
