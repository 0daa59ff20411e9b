"""Item profiles: how each item is counted. The newest version wins; which it is, its source says.

    ITEM#sku / PROFILE       ver, unit, units {name: "12"}, places, lp (lot policy), lots, subs, fam, mix, h (content)

A movement of an ordinary item must not pay for a read of its profile. So the cross-reference rows, which are read
anyway, carry the one thing that concerns a movement that names neither unit nor lot: the lot policy, where it is not
"free". Profile and references are written first and read after, by whoever comes: so of a profile and a code that are
declared at the same time, at least one sees the other and sets the mark. A mark left from an older profile only leads
to a read of the newest one.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction

from crossdock.contracts.items import FREE, ItemProfile
from crossdock.identity.references import Reference, References
from crossdock.platform.dynamo import Item, Table
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.writes import Insert, Key, Update, When

_ROUNDS = 6


class Items:
    """Keeps and finds item profiles."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def profiles(self, skus: Iterable[str]) -> dict[str, ItemProfile]:
        """The profiles that exist, read consistently: 1 RCU per 4 KB each, 100 to a round trip."""
        rows = self._table.get_many([_key(sku) for sku in skus], consistent=True)
        found = (_profile(row) for row in rows.values())
        return {p.sku: p for p in found}

    def declare(self, profiles: Sequence[ItemProfile]) -> tuple[int, list[ItemProfile]]:
        """Keeps each profile that is newer than what is kept; gives back how many were kept, and contradictions.

        A contradiction is another content under the version that is kept. Older versions are superseded and change
        nothing. 1 WCU each (2 when it replaces one). Raises StoreUnavailableError; then all may be declared again.
        """
        kept, conflicts = 0, list[ItemProfile]()
        newest = {p.sku: p for p in sorted(profiles, key=lambda p: p.version)}
        waiting: list[tuple[ItemProfile, Insert | Update]] = [(p, Insert(_row(p))) for p in newest.values()]
        for _ in range(_ROUNDS):
            if not waiting:
                break
            outcomes = self._table.write([w for _, w in waiting])
            again: list[tuple[ItemProfile, Insert | Update]] = []
            for (profile, _), outcome in zip(waiting, outcomes, strict=True):
                if outcome.done:
                    kept += 1
                elif outcome.existing is None or outcome.existing["ver"] < profile.version:
                    again.append((profile, _newer(profile)))
                elif outcome.existing["ver"] == profile.version and outcome.existing["h"] != _hash(profile):
                    conflicts.append(profile)
            waiting = again
        if waiting:
            raise StoreUnavailableError(f"{len(waiting)} item profiles kept changing while they were written")
        self.mark(newest)
        return kept, conflicts

    def mark(self, skus: Iterable[str]) -> None:
        """Puts the kept lot policies on the items' cross-references; to be called after either was written.

        1 RCU per item without a profile; 2 more and a write per code for one whose policy is or was not "free".
        """
        references = References(self._table)
        for profile in self.profiles(skus).values():
            codes = references.of(profile.sku, consistent=True)
            rows = self._table.get_many([r.lookup_key for r in codes], consistent=True, attributes=("lots", "pv"))
            behind = [r for r in codes if _behind(rows.get(r.lookup_key), profile)]
            self._table.write([_mark(r, profile, rows[r.lookup_key].get("pv")) for r in behind])


def _behind(row: Item | None, profile: ItemProfile) -> bool:
    if row is None or row.get("pv", 0) >= profile.version:
        return False
    return "pv" in row or profile.lot_policy != FREE


def _mark(reference: Reference, profile: ItemProfile, seen: int | None) -> Update:
    # A mark of a newer profile stands: whoever set it knew more.
    condition = When("pv", "missing") if seen is None else When("pv", "<", profile.version)
    return Update(reference.lookup_key, put={"lots": profile.lot_policy, "pv": profile.version}, when=(condition,))


def _key(sku: str) -> Key:
    return f"ITEM#{sku}", "PROFILE"


def _newer(profile: ItemProfile) -> Update:
    values = {name: value for name, value in _row(profile).items() if name not in {"pk", "sk"}}
    return Update(_key(profile.sku), put=values, when=(When("ver", "<", profile.version),))


def _content(profile: ItemProfile) -> Mapping[str, object]:
    return {
        "unit": profile.unit,
        "units": {name: str(factor) for name, factor in sorted(profile.units.items())},
        "places": profile.places,
        "lp": profile.lot_policy,
        "lots": list(profile.lots),
        "subs": list(profile.substitutes),
        "fam": list(profile.families),
        "mix": list(profile.mix_groups),
    }


def _hash(profile: ItemProfile) -> str:
    # Where there are no families, the hash is the one that profiles had before there could be any.
    content = {k: v for k, v in _content(profile).items() if v or k not in {"fam", "mix"}}
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:24]


def _row(profile: ItemProfile) -> dict[str, object]:
    pk, sk = _key(profile.sku)
    return {"pk": pk, "sk": sk, "ver": profile.version, "h": _hash(profile), **_content(profile)}


def _profile(row: Item) -> ItemProfile:
    return ItemProfile(
        sku=row["pk"].removeprefix("ITEM#"),
        version=row["ver"],
        unit=row["unit"],
        units={name: Fraction(factor) for name, factor in row["units"].items()},
        places=row["places"],
        lot_policy=row["lp"],
        lots=tuple(row["lots"]),
        substitutes=tuple(row["subs"]),
        families=tuple(row.get("fam", ())),
        mix_groups=tuple(row.get("mix", ())),
    )
