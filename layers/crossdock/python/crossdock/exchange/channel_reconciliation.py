"""Finding and healing drift between what a channel should hold, what it acknowledged, and what it holds.

Two looks, and a channel that can be asked gets both:

    asked      its leaf hashes beside our digest; where two differ, the leaf's items beside our shadow rows
    not asked  what is true beside our shadow rows, a part of all items in each run: lost marks, rows that are stale

What differs is believed when two runs running saw the same, and only of rows that have been at rest for a while. It is
healed on the normal path, by a mark: what is true then is sent under a version above the one the channel holds. More of
it than the cap is a fault to be understood: nothing is healed then, and one exception shows what was found.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from crossdock.contracts.digests import Held, NoDigestError
from crossdock.contracts.refusals import Refusal, Refuse, content_id
from crossdock.exchange.delivery import ReadCurrent, needs_telling
from crossdock.exchange.dirty import KEYS_PER_MESSAGE, Marks, envelope
from crossdock.exchange.drift import Drift, Found, KindReport, Policy
from crossdock.exchange.leaves import LEAVES, differing, leaf_of
from crossdock.exchange.publication import Publication
from crossdock.exchange.shadow import ShadowStore, State, canonical
from crossdock.platform.clock import Clock, to_text
from crossdock.platform.sequences import chunks

_EVIDENCE = 3
# A hundred items with two such texts each are a message that their queue takes, whatever the script.
_SHOWN = 300
# Of customers nobody is shown values: the exceptions list is read by more people than a customer's data.
_PERSONAL = "customer"


class Digests(Protocol):
    """Our side of the comparison."""

    def leaves(self, channel: str, kind: str) -> Mapping[int, int]: ...


class Memory(Protocol):
    """What earlier runs saw."""

    def seen(self, channel: str, kind: str) -> Mapping[str, tuple[int, str]]: ...

    def remember(self, channel: str, kind: str, seen: Mapping[str, tuple[int, str]]) -> None: ...


@dataclass(frozen=True, slots=True)
class Ask:
    """A channel that says what it holds; both raise NoDigestError."""

    leaves: Callable[[str], Mapping[int, str]]
    leaf: Callable[[str, int], Sequence[Held]]


@dataclass(frozen=True, slots=True)
class View:
    """One channel and kind: how to ask it (None: it cannot be asked), what is true, and what of that is worth telling.

    `still` takes from an older value what has ended by itself since (a price window), which nobody has to be told.
    """

    channel: str
    kind: str
    ask: Ask | None
    read_current: ReadCurrent
    publication: Publication
    still: Callable[[Mapping[str, Any]], Mapping[str, Any]]


class ChannelReconciler:
    """Compares one channel's items and heals what drifted."""

    def __init__(
        self,
        shadow: ShadowStore,
        digests: Digests,
        memory: Memory,
        send: Callable[[str, Sequence[str]], None],
        refuse: Refuse,
        policy: Policy,
        clock: Clock,
    ) -> None:
        """`send` puts messages on a channel's queue."""
        self._shadow = shadow
        self._digests = digests
        self._memory = memory
        self._send = send
        self._refuse = refuse
        self._policy = policy
        self._clock = clock

    def run(self, view: View, items: Iterable[str], correlation_id: str) -> KindReport:
        """Compares hashes, and `items` with what is true. On consistent data it writes nothing."""
        report = KindReport(view.kind)
        earlier = self._memory.seen(view.channel, view.kind)
        found: dict[str, Found] = {}
        if view.ask:
            try:
                found = self._ask(view, view.ask, report)
            except NoDigestError as exc:
                report.no_digest = str(exc)
        # What the last run saw is looked at again in this one, whosever turn it is.
        again = [key for key in dict.fromkeys([*earlier, *items]) if key not in found]
        found |= self._look(view, again, report)
        self._judge(view, found, earlier, report, correlation_id)
        return report

    # -- comparing ---------------------------------------------------------------------------------------------

    def _ask(self, view: View, ask: Ask, report: KindReport) -> dict[str, Found]:
        """Descends where hashes differ, until more was found than may be healed."""
        leaves = differing(self._digests.leaves(view.channel, view.kind), ask.leaves(view.kind))
        report.leaves_compared, report.leaves_differing = LEAVES, len(leaves)
        found: dict[str, Found] = {}
        for n, leaf in enumerate(leaves):
            if len(found) > self._policy.heal_cap:
                report.leaves_left = len(leaves) - n
                break
            found |= self._compare_leaf(view, leaf, ask.leaf(view.kind, leaf), report)
        unknown = [key for key, one in found.items() if one.why == "unknown"]
        current = view.read_current(unknown) if unknown else {}
        for key in unknown:
            if current.get(key) is not None:  # it was told and we forgot, as after a restore: it is told again
                found[key] = Found(key, "held", None, found[key].other, found[key].version)
        return found

    def _compare_leaf(self, view: View, leaf: int, held: Sequence[Held], report: KindReport) -> dict[str, Found]:
        ours = self._shadow.leaf(view.channel, view.kind, leaf)
        theirs = {h.key: h for h in held if leaf_of(h.key) == leaf}
        found: dict[str, Found] = {}
        for key in sorted({*ours, *theirs}):
            report.compared += 1
            state, one = ours.get(key), theirs.get(key)
            text = canonical(one.fields) if one else None
            if state is not None and state.acknowledged_value == text:
                continue
            if state is not None and (not state.current or not self._at_rest(state)):
                report.settling += 1
                continue
            acknowledged = state.acknowledged_value if state else None
            why = "held" if state else "unknown"
            found[key] = Found(key, why, acknowledged, text, one.version if one else 0)
        return found

    def _look(self, view: View, keys: Sequence[str], report: KindReport) -> dict[str, Found]:
        """Compares what was acknowledged with what is true: a mark that was lost, or a row that is stale."""
        found: dict[str, Found] = {}
        for part in chunks(keys, KEYS_PER_MESSAGE):
            states = self._shadow.read(view.channel, view.kind, part)
            current = view.read_current(part)
            for key in part:
                state, fields = states.get(key), current.get(key)
                report.looked_at += 1
                report.compared += 1
                if fields is None or not needs_telling(view.publication, state, fields, view.still):
                    continue
                if state is not None and not self._at_rest(state):
                    report.settling += 1
                    continue
                found[key] = Found(key, "told", state.acknowledged_value if state else None, canonical(fields))
        return found

    def _at_rest(self, state: State) -> bool:
        now = self._clock()
        return state.leased_until <= to_text(now) and state.changed_at <= to_text(
            now - timedelta(seconds=self._policy.settle_seconds)
        )

    # -- judging -----------------------------------------------------------------------------------------------

    def _judge(
        self,
        view: View,
        found: Mapping[str, Found],
        earlier: Mapping[str, tuple[int, str]],
        report: KindReport,
        correlation_id: str,
    ) -> None:
        times = {key: _times(earlier.get(key), one) for key, one in found.items()}
        believed = [one for key, one in found.items() if times[key] >= self._policy.sightings]
        curable = [one for one in believed if one.why != "unknown"]
        raised = [one for one in believed if one.why == "unknown"]
        if len(curable) > self._policy.heal_cap:
            self._refuse([_above_cap(view, curable, correlation_id)])
            raised, curable = believed, []
        elif raised:
            self._refuse([_not_ours(view, raised, correlation_id)])
        if curable:
            self._heal(view, curable, correlation_id)
        actions = {one.key: "healed" for one in curable} | {one.key: "raised" for one in raised}
        report.drifts = [Drift(one, times[key], actions.get(key, "seen")) for key, one in found.items()]
        seen = {key: (times[key], one.fingerprint) for key, one in found.items() if actions.get(key) != "healed"}
        seen = dict(sorted(seen.items())[: 2 * self._policy.heal_cap + 1])
        if seen != earlier:
            self._memory.remember(view.channel, view.kind, seen)

    def _heal(self, view: View, curable: Sequence[Found], correlation_id: str) -> None:
        marks = Marks(view.channel)
        for one in curable:
            above = one.version if one.why == "held" else None
            marks.mark(view.kind, one.key, [correlation_id], above=above)
        self._send(view.channel, marks.messages())


def _times(earlier: tuple[int, str] | None, found: Found) -> int:
    """In how many runs running it was seen the same, this one included; no more are counted than anybody asks for."""
    return min(earlier[0] + 1, 1000) if earlier and earlier[1] == found.fingerprint else 1


def _above_cap(view: View, found: Sequence[Found], correlation_id: str) -> Refusal:
    return _refusal(
        view,
        found,
        correlation_id,
        kind="channel_drift_above_cap",
        detail=f"{len(found)} {_things(view)} of {view.channel} differ{_in_what(view)}, more than one run heals: ",
        remedy=f"find out why so much drifted at once; replay sends the {_things(view)} in the payload again",
    )


def _not_ours(view: View, found: Sequence[Found], correlation_id: str) -> Refusal:
    return _refusal(
        view,
        found,
        correlation_id,
        kind="channel_holds_unknown",
        detail=f"{view.channel} holds {len(found)} {_things(view)} {_unknown(view)} nothing is known here: ",
        remedy=f"have {view.channel} take them out, or declare them (crossdock xref add); then close this",
    )


def _things(view: View) -> str:
    return "customers" if view.kind == _PERSONAL else "items"


def _unknown(view: View) -> str:
    return "of whom" if view.kind == _PERSONAL else f"of whose {view.kind}"


def _in_what(view: View) -> str:
    return "" if view.kind == _PERSONAL else f" in their {view.kind}"


def _refusal(
    view: View, found: Sequence[Found], correlation_id: str, *, kind: str, detail: str, remedy: str
) -> Refusal:
    keys = [
        {
            "kind": view.kind,
            "key": one.key,
            "correlation_ids": [correlation_id],
            **({"above": one.version} if one.why == "held" else {}),
            "evidence": _evidence(view, one),
        }
        for one in found[:KEYS_PER_MESSAGE]
    ]
    shown = "; ".join(_shown(view, one) for one in found[:_EVIDENCE])
    return Refusal(
        kind=kind,
        source=view.channel,
        subject=view.kind,
        fact=f"{view.kind}/{content_id(sorted(o.fingerprint + o.key for o in found))}",
        detail=(detail + shown)[:1000],
        remedy=remedy,
        route=f"channel-{view.channel}",
        message=envelope(view.channel, keys),
        pointer="/keys",
        correlation_id=correlation_id,
    )


def _evidence(view: View, one: Found) -> dict[str, Any]:
    if view.kind == _PERSONAL:
        return {"differs": list(one.differs)}
    return {"acknowledged": _shortened(one.acknowledged), "other": _shortened(one.other)}


def _shown(view: View, one: Found) -> str:
    if view.kind == _PERSONAL:
        return f"{one.key}: {', '.join(one.differs)}"
    return f"{one.key}: {_shortened(one.acknowledged)} here, {_shortened(one.other)} there"


def _shortened(text: str | None) -> str | None:
    return text if text is None or len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
