"""The state file of one local engine: how to reach it, how to stop it, what `up` created in it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Final

from crossdock_cli.local.process import ProcessId

if TYPE_CHECKING:
    from crossdock_cli.local.paths import Paths

STARTING: Final = "starting"  # the process exists; nothing is deployed
READY: Final = "ready"  # deployed and seeded
REGION: Final = "us-east-1"
ACCOUNT: Final = "000000000000"
_VERSION: Final = 1


@dataclass(frozen=True)
class LocalState:
    """What `.build/local/state.json` holds. The credentials are the emulator's fixed test values, not secrets."""

    process: ProcessId
    port: int
    receiver_port: int  # reserved for the demo's receiver, so that channel URLs survive a second `up`
    phase: str = STARTING
    api_url: str = ""
    partner: str = ""
    partner_key: str = ""
    region: str = REGION
    access_key_id: str = "test"
    secret_access_key: str = "test"  # noqa: S105
    aliases: bool = False  # whether callers reach published versions, as in the cloud
    version: int = _VERSION

    @property
    def endpoint(self) -> str:
        # An address, not a name: SDKs then put bucket names into the path, and *.localhost need not resolve.
        return f"http://127.0.0.1:{self.port}"

    @property
    def receiver_url(self) -> str:
        return f"http://127.0.0.1:{self.receiver_port}"

    def running(self) -> bool:
        """Whether the recorded process is still that process (not another one that was given its number)."""
        return self.process.alive()

    def save(self, paths: Paths) -> None:
        """Replaces the file in one step: a reader sees the old state or the new one, never half of one."""
        paths.home.mkdir(parents=True, exist_ok=True)
        draft = paths.state.with_suffix(".new")
        draft.write_text(json.dumps(asdict(self), indent=2) + "\n")
        draft.replace(paths.state)

    @classmethod
    def load(cls, paths: Paths) -> LocalState | None:
        """None when there is no state, or one of another version of this program."""
        try:
            document = json.loads(paths.state.read_text())
            if document.pop("version") != _VERSION:
                return None
            return cls(**{**document, "process": ProcessId(**document["process"])})
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
