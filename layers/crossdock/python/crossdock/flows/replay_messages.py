"""What a replay sends of a fact: its payload as was asked for, over the version gate or not, to whom it goes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crossdock.config import BusinessConfig
from crossdock.exceptions.model import Occurrence
from crossdock.exceptions.replaying import Prepared
from crossdock.exceptions.runs import Options, Payload
from crossdock.flows.replay_subscribers import targets
from crossdock.flows.version_gate import VersionGate

Remap = Callable[[Occurrence], Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Preparing:
    """Prepares facts for a run; see `crossdock.exceptions.replaying.Prepare`."""

    remap: Remap
    gate: VersionGate
    business: BusinessConfig | None

    def __call__(self, occurrence: Occurrence, options: Options) -> Prepared:
        """Raises UnsendableError when the fact cannot be sent that way."""
        message = self._payload(occurrence, options.payload)
        route, pointer = occurrence.route, occurrence.pointer
        gate = self.gate.look(route, message, pointer)
        if options.override and route:
            message = self.gate.lifted(route, message, pointer)
            verdict = f"lifted to version {gate.stored + 1}, above {gate.stored}" if gate and gate.shut else ""
        else:
            verdict = f"version {gate.own} is not above {gate.stored}: changes nothing" if gate and gate.shut else ""
        goes_to = targets(route, message, options.subscribers, self.business)
        return Prepared(message, goes_to, verdict)

    def _payload(self, occurrence: Occurrence, wanted: Payload) -> Mapping[str, Any]:
        match wanted:
            case Payload.ORIGINAL:
                return occurrence.original
            case Payload.CORRECTED:
                return occurrence.message
            case Payload.REMAPPED:
                return self.remap(occurrence)
