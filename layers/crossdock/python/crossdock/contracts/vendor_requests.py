"""Telling a vendor a batch in requests of its size, of which it may refuse some items or ask us to wait.

What a vendor refuses is isolated to its own items: those it names are left out and the rest is sent again; where it
names none, the request is halved until the culprit is alone, or cut smaller where the time would not do for halves.
Every value is absolute, so sending one twice is harmless.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final

from crossdock.contracts.deliveries import Answer, HttpAnswer

NO_TIME: Final = "the time of this delivery was over before its turn came"

# What a power of a whole number may fall short of it.
_ROUNDING: Final = 1e-9
_NO_ANSWER = frozenset({0, 408, 409, 425})
_MISDIRECTED = frozenset({300, 301, 302, 303, 307, 308, 404, 410})
_NOT_LET_IN = frozenset({401, 402, 403})
_TOO_MANY = 429
_BROKEN = range(500, 600)


class AskedToWaitError(Exception):
    """The vendor takes nothing now: it asked for patience, does not answer, or somebody has to mend something first.

    `seconds` is for how long it asked not to be called, None when it did not say.
    """

    def __init__(self, detail: str, seconds: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.seconds = seconds


class RefusedError(Exception):
    """The vendor will never take this request as it is, and does not say which of its items is in the way."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a vendor said of one request.

    `named`: items that it refuses (key → reason). `unnamed`: it refuses something without naming it. `whole`: it
    refuses every item of the request for the same reason. `partial`: what it did not name is done all the same.
    """

    named: Mapping[str, str] = field(default_factory=dict)
    unnamed: str = ""
    whole: str = ""
    partial: bool = False


@dataclass(frozen=True, slots=True)
class Request:
    """Keys that may be told together, and what tells some of them. `send` raises AskedToWaitError and RefusedError.

    `refused`: the vendor does not take them together, and did not say for which of them.
    """

    keys: Sequence[str]
    send: Callable[[Sequence[str]], Verdict]
    refused: bool = False


def in_parts(keys: Sequence[str], send: Callable[[Sequence[str]], Verdict], largest: int) -> list[Request]:
    """The keys in requests of `largest` at most."""
    return [Request(keys[n : n + largest], send) for n in range(0, len(keys), largest)]


def settled(requests: Iterable[Request], rejected: Mapping[str, str], time_left: Callable[[], float]) -> Answer:
    """What became of all of them, beside those that were `rejected` without asking.

    No request is begun when the time is over, or after the vendor asked to wait: those items are for later. As long as
    a second request can be begun, at least one item is settled, however slow the vendor and whatever it refuses.
    """
    todo = [r for r in requests if r.keys]
    refused, told = dict(rejected), 0
    took, before = 0.0, None
    while todo:
        left = time_left()
        took, before = (took if before is None else max(0.0, before - left)), left
        if left <= 0:
            return _later(refused, told, todo, NO_TIME)
        request, *todo = _split(todo[0], left, took) + todo[1:]
        try:
            verdict = request.send(request.keys)
        except RefusedError as exc:
            verdict = Verdict(unnamed=str(exc))
        except AskedToWaitError as exc:
            return _later(refused, told, [request, *todo], exc.detail, exc.seconds)
        rest = _judge(request, verdict, refused)
        told += len(request.keys) - sum(len(r.keys) for r in rest)
        todo = rest + todo
    return Answer("acknowledged", rejected=refused)


def _split(request: Request, left: float, took: float) -> list[Request]:
    """One that was refused as a whole in two: halves, or less first where halving would outlast the time.

    Each request may be refused again, so the first part is one that comes down to a single item with the requests that
    can still be begun in `left` seconds, the last having taken `took`.
    """
    if not request.refused:
        return [request]
    size = len(request.keys)
    steps = max(1, math.ceil(left / took)) if took else size
    first = max(1, min(size // 2, math.floor(size ** (1 - 1 / steps) + _ROUNDING)))
    return [Request(request.keys[:first], request.send), Request(request.keys[first:], request.send)]


def _judge(request: Request, verdict: Verdict, refused: dict[str, str]) -> list[Request]:
    """Notes whom the vendor refuses; gives back what of the request is to be sent again."""
    if verdict.whole:
        refused.update(dict.fromkeys(request.keys, verdict.whole))
        return []
    named = {key: why for key, why in verdict.named.items() if key in request.keys}
    refused.update(named)
    if named and not verdict.partial:
        rest = [key for key in request.keys if key not in named]
        return [Request(rest, request.send)] if rest else []
    if not verdict.unnamed:
        return []
    if len(request.keys) == 1:
        refused[request.keys[0]] = verdict.unnamed
        return []
    return [Request(request.keys, request.send, refused=True)]


def _later(
    refused: Mapping[str, str], told: int, requests: Iterable[Request], detail: str, seconds: int | None = None
) -> Answer:
    if not told:
        # The whole waits, those too that were rejected without asking: their turn is when the vendor answers.
        return Answer("unavailable", detail, retry_after_s=seconds)
    later = {key: detail for request in requests for key in request.keys}
    return Answer("acknowledged", detail, rejected=dict(refused), retry_after_s=seconds, later=later)


def checked(vendor: str, channel: str, answer: HttpAnswer, expected: Iterable[int], seconds: int | None) -> None:
    """Raises AskedToWaitError or RefusedError unless the vendor's answer has one of the expected statuses.

    A token that is not taken and an address where there is nothing hold up the whole channel, with the remedy: none of
    its items could be told. `seconds` is what the vendor asked for in words of its own.
    """
    status = answer.status
    if status in set(expected):
        return
    said = answer.detail or f"HTTP {status}"
    if status in _NOT_LET_IN:
        raise AskedToWaitError(not_let_in(vendor, channel, said))
    if status in _MISDIRECTED:
        remedy = f"mend the address: crossdock channels set {channel} --url URL"
        raise AskedToWaitError(f"{vendor} is not there ({said}): {remedy}")
    if status == _TOO_MANY or status in _NO_ANSWER or status in _BROKEN:
        raise AskedToWaitError(f"{vendor}: {said}", answer.retry_after_s if seconds is None else seconds)
    raise RefusedError(f"{vendor}: {said}: {answer.body[:200].decode(errors='replace')}")


def not_let_in(vendor: str, channel: str, said: str) -> str:
    """What is wrong when a vendor does not take our token, and what mends it."""
    remedy = f"crossdock channels set {channel} --token TOKEN"
    return f"{vendor} does not let us in ({said}): give it a token with the scopes of docs/channels.md: {remedy}"
