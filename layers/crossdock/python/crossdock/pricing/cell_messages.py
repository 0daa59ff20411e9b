"""The messages of the queue `price-cells`: cells to compute, and what has to be spread over many items first.

    cells    up to 100 items of one class, and the layers that changed
    spread   all items of a family ("*": all items), for some classes: read a part at a time, sent on as `cells`
    open     from the scheduler: look which windows open or close now
    window   one instant's cells: read a part at a time, sent on as `cells`

So no invocation ever has to hold a change that touches 100,000 cells; what it did not come to it sends to itself.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from crossdock.platform.sequences import chunks
from crossdock.pricing.affected import Affected
from crossdock.pricing.facts import parts
from crossdock.pricing.publishing import Job
from crossdock.pricing.sensitivity import from_mask, to_mask

SKUS_PER_MESSAGE: Final = 100
CORRELATIONS_KEPT: Final = 8
OPEN: Final[Mapping[str, Any]] = {"v": 1, "kind": "open"}


@dataclass(frozen=True, slots=True)
class Spread:
    """All items of a family from `after` on in the first of `groups`; the layers that changed, by class."""

    family: str
    groups: tuple[str, ...]
    classes: Mapping[str, frozenset[str]]
    since: str
    correlation_ids: tuple[str, ...] = ()
    after: str | None = None

    def document(self) -> dict[str, Any]:
        return {
            "v": 1,
            "kind": "spread",
            "family": self.family,
            "groups": list(self.groups),
            "after": self.after,
            "classes": {name: to_mask(layers) for name, layers in self.classes.items()},
            "since": self.since,
            "correlation_ids": list(self.correlation_ids)[:CORRELATIONS_KEPT],
        }


@dataclass(frozen=True, slots=True)
class Opening:
    """The cells that move at an instant, from `after` on in the first of `groups`."""

    instant: str
    groups: tuple[str, ...]
    after: str | None = None

    def document(self) -> dict[str, Any]:
        return {
            "v": 1,
            "kind": "window",
            "instant": self.instant,
            "groups": list(self.groups),
            "after": self.after,
        }


Message = Job | Spread | Opening | None


def read(message: Mapping[str, Any] | None) -> Message:
    """What a message asks for; None for the scheduler's. Raises ValueError naming what keeps it from being one."""
    if not message or message.get("v") != 1:
        raise ValueError("v: not a message of version 1")
    kind = message.get("kind")
    if kind == "open":
        return None
    try:
        if kind == "cells":
            return Job(
                str(message["price_class"]),
                tuple(map(str, message["skus"])),
                from_mask(message["layers"]),
                str(message["since"]),
                tuple(map(str, message["correlation_ids"])),
            )
        groups, after = tuple(map(str, message["groups"])), message["after"]
        if kind == "window":
            return Opening(str(message["instant"]), groups, after)
        if kind == "spread":
            classes = {str(name): from_mask(mask) for name, mask in message["classes"].items()}
            causes = tuple(map(str, message["correlation_ids"]))
            return Spread(str(message["family"]), groups, classes, str(message["since"]), causes, after)
    except (KeyError, TypeError, AttributeError) as exc:
        raise ValueError(f"{exc}: missing or of another type in a message of kind {kind}") from exc
    raise ValueError(f"kind: {kind!r} is none of cells, spread, open, window")


def messages(affected: Affected, since: str, correlation_ids: Iterable[str]) -> list[dict[str, Any]]:
    """What a batch of changes asks for. What is about all items is spread by sixteen at once, a family by one."""
    causes = tuple(dict.fromkeys(correlation_ids))[:CORRELATIONS_KEPT]
    alike: dict[tuple[str, frozenset[str]], list[str]] = {}
    for (price_class, sku), layers in affected.items.items():
        alike.setdefault((price_class, layers), []).append(sku)
    found = [
        document
        for (price_class, layers), skus in alike.items()
        for document in jobs(Job(price_class, tuple(skus), layers, since, causes))
    ]
    families: dict[str, dict[str, frozenset[str]]] = {}
    for (price_class, family), layers in affected.families.items():
        families.setdefault(family, {})[price_class] = layers
    for family, classes in families.items():
        groups = [(g,) for g in parts()] if family == "*" else [tuple(parts())]
        found += [Spread(family, g, classes, since, causes).document() for g in groups]
    return found


def jobs(job: Job) -> list[dict[str, Any]]:
    """The messages of a job of any size."""
    return [_document(replace(job, skus=tuple(part))) for part in chunks(job.skus, SKUS_PER_MESSAGE)]


def _document(job: Job) -> dict[str, Any]:
    return {
        "v": 1,
        "kind": "cells",
        "price_class": job.price_class,
        "skus": list(job.skus),
        "layers": to_mask(job.layers),
        "since": job.since,
        "correlation_ids": list(job.correlation_ids)[:CORRELATIONS_KEPT],
    }


def of_page(spread: Spread, skus: Sequence[str]) -> list[dict[str, Any]]:
    """The cells of some items of a family."""
    return [
        document
        for name, layers in spread.classes.items()
        for document in jobs(Job(name, tuple(skus), layers, spread.since, spread.correlation_ids))
    ]


def of_window(cells: Iterable[tuple[str, str]], since: str) -> list[dict[str, Any]]:
    """The (class, sku) cells that move at an instant. No layer changed: those that moved by then are left alone."""
    by_class: dict[str, list[str]] = {}
    for price_class, sku in cells:
        by_class.setdefault(price_class, []).append(sku)
    return [d for name, skus in by_class.items() for d in jobs(Job(name, tuple(skus), frozenset(), since))]
