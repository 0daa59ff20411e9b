"""Who calls: by an API key or by an access token, never by both."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from crossdock.identity.partners import PartnerAccess, Partners, hashed, usage_key
from crossdock.identity.tokens import TokenRefusedError, Tokens
from crossdock.platform.clock import Clock, to_text

KEPT_SECONDS: Final = 60
"""How long access that was taken away may still be used."""
_KEPT: Final = 1_000
_BEARER: Final = "bearer "


class RefusedError(Exception):
    """Nobody is let in; `why` is a stable word for programs."""

    def __init__(self, why: str) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Caller:
    """Who calls, by which kind of credential, for which scopes, and the gateway's key that the call counts by."""

    access: PartnerAccess
    scopes: tuple[str, ...]
    by: str
    usage_key: str


_Found = tuple[PartnerAccess, str | None]


@dataclass(slots=True)
class Callers:
    """Finds them. What is found in the table is kept for a minute; what is not found is not kept.

    So a call costs no read as long as its partner keeps calling, and a stranger's 1 read unit at most.
    """

    partners: Partners
    tokens: Tokens
    clock: Clock
    monotonic: Callable[[], float] = time.monotonic
    _kept: dict[tuple[str, str], tuple[float, _Found]] = field(default_factory=dict)

    def find(self, api_key: str, authorization: str) -> Caller:
        """The caller by the headers X-Api-Key and Authorization.

        Raises RefusedError, and StoreUnavailableError when the pool's keys cannot be looked up.
        """
        if api_key and authorization:
            raise RefusedError("two-credentials")
        if api_key:
            access = self._standing("key", hashed(api_key), lambda: self.partners.by_key(api_key))
            return Caller(access, access.scopes, "key", api_key)
        if not authorization:
            raise RefusedError("no-credential")
        if not authorization[: len(_BEARER)].lower() == _BEARER:
            raise RefusedError("not-a-bearer-token")
        return self._by_token(authorization[len(_BEARER) :].strip())

    def _by_token(self, token: str) -> Caller:
        try:
            grant = self.tokens.judge(token)
        except TokenRefusedError as exc:
            raise RefusedError(exc.why) from exc
        access = self._standing("client", grant.client, lambda: self.partners.by_client(grant.client))
        # A token may say less than its partner may do, and an old token more.
        scopes = tuple(s for s in access.scopes if s in grant.scopes)
        return Caller(access, scopes, "client", usage_key(grant.client))

    def _standing(self, kind: str, ident: str, look: Callable[[], _Found | None]) -> PartnerAccess:
        now = self.monotonic()
        until, found = self._kept.get((kind, ident), (0.0, None))
        if found is None or now >= until:
            self._kept.pop((kind, ident), None)
            found = look()
            if found is None:
                raise RefusedError(f"{kind}-unknown")
            if len(self._kept) >= _KEPT:
                self._kept.clear()
            self._kept[kind, ident] = (now + KEPT_SECONDS, found)
        access, ends_at = found
        if ends_at is not None and ends_at <= to_text(self.clock()):
            raise RefusedError(f"{kind}-ended")
        return access
