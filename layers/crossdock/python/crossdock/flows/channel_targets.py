"""How a channel is reached: its address and secrets, its items' codes, the bucket of drops, as its kind needs them."""

import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from crossdock.config import Channel
from crossdock.contracts.deliveries import Need, Store, Target
from crossdock.exchange.signatures import sign_with_all
from crossdock.identity.references import References
from crossdock.platform.clock import Clock
from crossdock.platform.outbound import Http
from crossdock.platform.secrets import Secrets

# A call takes 20 s at most (platform/outbound.py), and the lease on what is told lasts 30 (exchange/shadow.py).
SECONDS_TO_BEGIN: Final = 8.0
_NOTHING: Final[Mapping[str, Any]] = {}


@dataclass(frozen=True, slots=True)
class Reach:
    """All that deliveries go through; `clock` gives the instant that signatures name."""

    secrets: Secrets
    references: References
    store: Store
    http: Http
    clock: Clock

    def target(self, channel: Channel, needs: frozenset[Need]) -> Target:
        """What one delivery to the channel is handed. Raises NotConfiguredError naming what an operator has not set."""
        secret = self._secret(channel, needs)
        message_id, until = f"msg_{uuid.uuid4().hex}", time.monotonic() + SECONDS_TO_BEGIN
        system = channel.settings.get("system") or channel.name
        return Target(
            url=secret.get("url", ""),
            post=self.http.post,
            put=self.http.put,
            patch=self.http.patch,
            get=self.http.get,
            sign=lambda body: sign_with_all(secret["signing_secrets"], message_id, self.clock(), body),
            token=secret.get("token", ""),
            settings=channel.settings,
            codes=lambda items: self.references.codes(system, items),
            store=self.store,
            time_left=lambda: until - time.monotonic(),
        )

    def _secret(self, channel: Channel, needs: frozenset[Need]) -> Mapping[str, Any]:
        if "token" in needs:
            remedy = f"run: crossdock channels set {channel.name} --url URL --token TOKEN"
            return self.secrets.get(channel.name, remedy, needs="token")
        if "signing_secrets" in needs:
            return self.secrets.get(channel.name, f"run: crossdock channels set {channel.name} --url URL --new-secret")
        return _NOTHING
