"""Which positions of a sequence have arrived, and which are missing: ranges and nothing else.

    positions   1 2 3 4 5 6 7 8 9
    arrived     ● ● ●     ●   ● ●        spans 1–3, 6–6, 8–9
    missing           ○ ○   ○            gaps 4–5 and 7–7

A gap begins when something beyond it arrives, and keeps that time when it is filled in part. Where a sequence starts is
the first position that ever arrived: what came before it we cannot know. The order of arrival never matters to what is
covered, and what arrives twice changes nothing.
"""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

MAX_SPANS = 2_000
"""Ranges kept of one sequence: some 40 KB. A source that sends in order needs one, one that is delivered in the wildest
order needs hundreds while an hour's thousands come in, and a gap that is given up early would be a false alarm."""


@dataclass(frozen=True, slots=True)
class Span:
    """Positions `first` to `last`, all arrived but `holes` of them, which were given up.

    `since` is when the gap below was seen first, in seconds since 1970; 0 for the lowest span, which has none.
    """

    first: int
    last: int
    since: int = 0
    holes: int = 0


@dataclass(frozen=True, slots=True)
class Gap:
    """Positions `first` to `last` that have not arrived, missing since an instant in seconds since 1970."""

    first: int
    last: int
    since: int


Spans = tuple[Span, ...]
"""In order, and nowhere touching each other."""


def runs(positions: Iterable[int]) -> Spans:
    """The positions as spans."""
    found: list[Span] = []
    for position in sorted(set(positions)):
        if found and position == found[-1].last + 1:
            found[-1] = replace(found[-1], last=position)
        else:
            found.append(Span(position, position))
    return tuple(found)


def holding(spans: Sequence[Span], position: int) -> Span | None:
    """The span that covers a position."""
    at = bisect_right(spans, position, key=lambda s: s.first) - 1
    return spans[at] if at >= 0 and position <= spans[at].last else None


def joined(spans: Spans, new: Spans, now: int) -> Spans:
    """What is covered by either; a gap that opens now is missing since `now`."""
    merged: list[Span] = []
    for span in sorted((*spans, *new), key=lambda s: s.first):
        if merged and span.first <= merged[-1].last + 1:
            last, holes = max(merged[-1].last, span.last), merged[-1].holes + span.holes
            merged[-1] = replace(merged[-1], last=last, holes=holes)
        else:
            merged.append(span)
    return tuple(replace(s, since=_since(spans, s.first - 1, now) if n else 0) for n, s in enumerate(merged))


def _since(spans: Spans, missing: int, now: int) -> int:
    """Since when a position is missing: since the gap it lay in before, or since now."""
    above = bisect_right(spans, missing, key=lambda s: s.first)
    return spans[above].since if 0 < above < len(spans) else now


def gaps(spans: Spans) -> tuple[Gap, ...]:
    """What is missing between the spans."""
    return tuple(Gap(below.last + 1, above.first - 1, above.since) for below, above in pairwise(spans))


def without(missing: Iterable[Gap], accounted: Spans) -> tuple[Gap, ...]:
    """The gaps less the positions that are accounted for elsewhere."""
    found: list[Gap] = []
    for gap in missing:
        first = gap.first
        for span in accounted:
            if span.last < first or span.first > gap.last:
                continue
            if span.first > first:
                found.append(Gap(first, span.first - 1, gap.since))
            first = span.last + 1
        if first <= gap.last:
            found.append(Gap(first, gap.last, gap.since))
    return tuple(found)


def bounded(spans: Spans, limit: int = MAX_SPANS) -> tuple[Spans, tuple[Gap, ...]]:
    """At most `limit` spans, and the gaps that were given up for it: those that are missing longest.

    A given-up gap counts as arrived, but its positions stay known as holes: a movement that comes for one of them
    after all is no sign of a sequence that began anew.
    """
    given_up = sorted(gaps(spans), key=lambda g: (g.since, g.first))[: max(0, len(spans) - limit)]
    filled = tuple(Span(g.first, g.last, g.since, g.last - g.first + 1) for g in given_up)
    return (joined(spans, filled, 0) if filled else spans), tuple(sorted(given_up, key=lambda g: g.first))


def repeated(spans: Spans, positions: Iterable[int]) -> tuple[Spans, list[int]]:
    """The spans with a hole fewer for each position in a span that has some, and the positions that came before.

    `positions` are those of movements that are new: a position that arrived before belongs to another movement.
    """
    left = list(spans)
    again: list[int] = []
    for position in positions:
        span = holding(left, position)
        if span is None:
            continue
        if span.holes:
            left[left.index(span)] = replace(span, holes=span.holes - 1)
        else:
            again.append(position)
    return tuple(left), again


def to_text(spans: Spans) -> str:
    """The spans as a row keeps them: `1-50 52-60@1700000000 70 80-90@1700000300~2`.

    First and last, since when the gap below is missing (where that is not as in the span before), and holes.
    """
    before, parts = 0, []
    for span in spans:
        text = str(span.first) if span.first == span.last else f"{span.first}-{span.last}"
        text += f"@{span.since}" if span.since != before else ""
        parts.append(text + (f"~{span.holes}" if span.holes else ""))
        before = span.since
    return " ".join(parts)


def from_text(text: str) -> Spans:
    """The spans that a text says."""
    since, found = 0, []
    for part in text.split():
        rest, _, holes = part.partition("~")
        span, _, began = rest.partition("@")
        first, _, last = span.partition("-")
        since = int(began or since)
        found.append(Span(int(first), int(last or first), since, int(holes or 0)))
    return tuple(found)
