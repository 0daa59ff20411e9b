"""The hash that both sides keep of what a channel holds, so that comparing costs what drifted and not what there is.

Every item lies in one of 4,096 leaves. A leaf's hash is the sum of its items' hashes, so items may come, change and go
in any order, and a sum is kept up to date by adding a difference. What a channel has to do, in full:

    key              = sku, and for a price of another class than "list": sku + "@" + price_class
    leaf(key)        = the first 12 bits of SHA-256(key)
    item(key, value) = the first 8 bytes of SHA-256(key + "\\n" + value), as a number
    leaf hash        = Σ item(…) modulo 2^64, written as 16 hexadecimal digits; an empty leaf is left out

All texts are UTF-8; `value` is the JSON of the fields that came with the item (but `sku`, `version` and
`correlation_ids`) with its keys sorted and no spaces. It answers `GET {url}/digest?kind=availability` with
`{"leaves": {"17": "00c0ffee00c0ffee"}}`, and `…&leaf=17` with `{"items": [{"sku", "version", "value": {…}}]}`.

The 4,096 leaves are kept as 64 groups of 64: a group is a partition and a digest row, see `digests.py`.
"""

import hashlib
from collections.abc import Iterable, Mapping

GROUPS = 64
LEAVES_IN_GROUP = 64
LEAVES = GROUPS * LEAVES_IN_GROUP

_MODULUS = 2**64


def leaf_of(key: str) -> int:
    """The leaf of an item, 0 … 4,095."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:2]) >> 4


def group_of(leaf: int) -> int:
    """The group of a leaf, 0 … 63."""
    return leaf // LEAVES_IN_GROUP


def item_hash(key: str, value: str) -> int:
    """64 bits over an item and its value's canonical text; sums of them are exact up to 10^18 items."""
    return int.from_bytes(hashlib.sha256(f"{key}\n{value}".encode()).digest()[:8])


def leaf_hashes(items: Iterable[tuple[str, str]]) -> dict[int, int]:
    """The sum of each leaf that has items, from (key, canonical value)."""
    sums: dict[int, int] = {}
    for key, value in items:
        leaf = leaf_of(key)
        sums[leaf] = sums.get(leaf, 0) + item_hash(key, value)
    return sums


def to_text(total: int) -> str:
    """A leaf's hash as it is written: 16 hexadecimal digits."""
    return f"{total % _MODULUS:016x}"


def differing(ours: Mapping[int, int], theirs: Mapping[int, str]) -> list[int]:
    """The leaves whose hashes differ, in order; a leaf that one side leaves out is empty there."""
    empty = to_text(0)
    return [leaf for leaf in sorted({*ours, *theirs}) if to_text(ours.get(leaf, 0)) != theirs.get(leaf, empty)]
