"""Access tokens of the user pool's OAuth clients (RFC 6749, 4.4): whether one is ours, whose, and for which scopes.

A token counts when its RS256 signature is by a key that the pool publishes, it was issued by this pool, is an access
token, has not ended (30 s for clocks that differ), and names a client. Whether that client is somebody's, the identity
table says. Cognito's access tokens carry no audience: the issuer and the client are what binds them.
"""

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, TypeAlias

import jwt
from jwt.algorithms import RSAAlgorithm

from crossdock.contracts.deliveries import HttpAnswer
from crossdock.platform.errors import StoreUnavailableError

RESOURCE_SERVER: Final = "crossdock"
"""What scopes begin with in a token: `crossdock/inventory:read`."""
LEEWAY_SECONDS: Final = 30
_ALGORITHM: Final = "RS256"
_LONGEST: Final = 8_192
_SMALLEST_KEY_BITS: Final = 2_048
# A key id that nobody knows makes us look once a minute, however many tokens name one.
_LOOK_AGAIN_SECONDS: Final = 60
# As long as there are no keys at all, a look that failed is repeated after this.
_LOOK_FIRST_SECONDS: Final = 5
# A key that the pool no longer publishes ends with this.
_KEYS_KEPT_SECONDS: Final = 3_600
_OK: Final = 200

Why: TypeAlias = Literal[
    "token-malformed",
    "token-algorithm",
    "token-key-unknown",
    "token-signature",
    "token-issuer",
    "token-expired",
    "token-not-for-access",
]
Key: TypeAlias = Any
"""A public key of the cryptography library."""


class TokenRefusedError(Exception):
    """The token does not count; `why` is a stable word for programs."""

    def __init__(self, why: Why) -> None:
        super().__init__(why)
        self.why = why


@dataclass(frozen=True, slots=True)
class Grant:
    """What a token says: whose client asks, for which of our scopes, and until when (epoch seconds)."""

    client: str
    scopes: frozenset[str]
    expires: int


@dataclass(slots=True)
class PublishedKeys:
    """The pool's public keys, by id (RFC 7517). `get` fetches an address; `monotonic` gives seconds."""

    url: str
    get: Callable[[str, Mapping[str, str]], HttpAnswer]
    monotonic: Callable[[], float] = time.monotonic
    _keys: dict[str, Key] = field(default_factory=dict)
    _fetched: float | None = None
    _tried: float | None = None

    def find(self, kid: str) -> Key | None:
        """The key, or None. Raises StoreUnavailableError when no keys are known and none can be had."""
        old = self._fetched is None or self.monotonic() - self._fetched > _KEYS_KEPT_SECONDS
        if (old or kid not in self._keys) and self._may_look():
            self._look()
        if not self._keys:
            raise StoreUnavailableError(f"no signing keys could be read from {self.url}")
        return self._keys.get(kid)

    def _may_look(self) -> bool:
        pause = _LOOK_AGAIN_SECONDS if self._keys else _LOOK_FIRST_SECONDS
        return self._tried is None or self.monotonic() - self._tried >= pause

    def _look(self) -> None:
        self._tried = self.monotonic()
        answer = self.get(self.url, {"Accept": "application/json"})
        found = _read(answer.body) if answer.status == _OK else {}
        if found:  # what cannot be read takes nothing away: the keys we have are good
            self._keys, self._fetched = found, self._tried


@dataclass(frozen=True, slots=True)
class Tokens:
    """Judges access tokens of one issuer."""

    issuer: str
    keys: PublishedKeys

    def judge(self, token: str) -> Grant:
        """What it grants. Raises TokenRefusedError, and StoreUnavailableError when its key cannot be looked up."""
        if len(token) > _LONGEST:
            raise TokenRefusedError("token-malformed")
        try:
            header = jwt.get_unverified_header(token)
        except jwt.PyJWTError as exc:
            raise TokenRefusedError("token-malformed") from exc
        # Before any key is looked for: neither `none` nor a secret made of a public key may come as far as that.
        if header.get("alg") != _ALGORITHM:
            raise TokenRefusedError("token-algorithm")
        kid = header.get("kid")
        key = self.keys.find(kid) if isinstance(kid, str) else None
        if key is None:
            raise TokenRefusedError("token-key-unknown")
        return _grant(self._claims(token, key))

    def _claims(self, token: str, key: Key) -> Mapping[str, Any]:
        try:
            claims: Mapping[str, Any] = jwt.decode(
                token,
                key,
                algorithms=[_ALGORITHM],
                issuer=self.issuer,
                leeway=LEEWAY_SECONDS,
                options={"require": ["exp", "iss", "iat"], "verify_aud": False},
            )
        except jwt.InvalidSignatureError as exc:
            raise TokenRefusedError("token-signature") from exc
        except jwt.ExpiredSignatureError as exc:
            raise TokenRefusedError("token-expired") from exc
        except jwt.InvalidIssuerError as exc:
            raise TokenRefusedError("token-issuer") from exc
        except jwt.PyJWTError as exc:
            raise TokenRefusedError("token-malformed") from exc
        return claims


def _grant(claims: Mapping[str, Any]) -> Grant:
    client, scope = claims.get("client_id"), claims.get("scope", "")
    if claims.get("token_use") != "access" or not isinstance(client, str) or not client:
        raise TokenRefusedError("token-not-for-access")
    words = scope.split() if isinstance(scope, str) else []
    ours = frozenset(w.removeprefix(f"{RESOURCE_SERVER}/") for w in words if w.startswith(f"{RESOURCE_SERVER}/"))
    return Grant(client, ours, int(claims["exp"]))


def _read(body: bytes) -> dict[str, Key]:
    """The RSA keys for signatures of a key set; whatever else is in it is passed over."""
    try:
        document = json.loads(body)
        listed = document["keys"]
    except (ValueError, KeyError, TypeError):
        return {}
    found: dict[str, Key] = {}
    for one in listed if isinstance(listed, list) else []:
        if not isinstance(one, dict) or one.get("kty") != "RSA" or one.get("use", "sig") != "sig":
            continue
        if one.get("alg", _ALGORITHM) != _ALGORITHM or not isinstance(one.get("kid"), str):
            continue
        try:
            key: Any = RSAAlgorithm.from_jwk({n: one[n] for n in ("kty", "n", "e")})
        except (jwt.PyJWTError, ValueError, KeyError, TypeError):
            continue
        if key.key_size >= _SMALLEST_KEY_BITS:
            found[one["kid"]] = key
    return found
