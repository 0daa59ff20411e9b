"""The keys that quotes are sealed with, as one secret document: `{"seals_with": "k2", "k1": "…", "k2": "…"}`.

All in it are active. A new key is added and seals from then on; the old one stays until its last quote has ended, so
there is no moment in which a good token is refused (`crossdock quotes rotate`).
"""

import re
from collections.abc import Mapping
from typing import Any, Final, Protocol

from crossdock.platform.errors import NotConfiguredError
from crossdock.pricing.tokens import Sealer, key_id

SEALS_WITH: Final = "seals_with"
SINCE: Final = "since"
_NAME: Final = "key"
_KEY_ID: Final = re.compile(r"k[1-9][0-9]{0,8}")
_REMEDY: Final = "deploy the stage, which makes one; or: crossdock quotes rotate"
# Who seals may know the newest key a minute before who verifies does; a forger must not make us read it at each call.
_FRESH_SECONDS: Final = 5


class SecretDocuments(Protocol):
    """Secrets by name; `crossdock.platform.secrets.Secrets` is one."""

    def get(self, name: str, remedy: str, max_age: int | None = None, *, needs: str) -> dict[str, Any]: ...


class QuoteKeys:
    """The active keys, read at most once a minute, or when a token names one that is not known yet."""

    def __init__(self, secrets: SecretDocuments) -> None:
        self._secrets = secrets

    def sealer(self) -> Sealer:
        """The active keys and the one that seals. Raises NotConfiguredError when there is none."""
        return sealer_of(self._secrets.get(_NAME, _REMEDY, needs=SEALS_WITH))

    def keys_for(self, token: str) -> Mapping[str, bytes]:
        """The active keys as they are now if the token names one that was not among those known before."""
        known, named = self.sealer().keys, key_id(token)
        if named is None or named in known or not _KEY_ID.fullmatch(named):
            return known
        return sealer_of(self._secrets.get(_NAME, _REMEDY, _FRESH_SECONDS, needs=SEALS_WITH)).keys


def sealer_of(document: Mapping[str, Any]) -> Sealer:
    """Reads the document. Raises NotConfiguredError when the key that seals is not in it."""
    keys = {name: str(value).encode() for name, value in document.items() if _KEY_ID.fullmatch(name) and value}
    named = str(document.get(SEALS_WITH, ""))
    if named not in keys:
        raise NotConfiguredError(f"the key that quotes are sealed with is not there: {_REMEDY}")
    return Sealer(keys, named)


def with_new_key(document: Mapping[str, Any], secret: str, at: str) -> dict[str, Any]:
    """The document after a rotation: a new key that seals; all that were active stay so."""
    kept = {name: key for name, key in document.items() if _KEY_ID.fullmatch(name)}
    number = max((int(name[1:]) for name in kept), default=0) + 1
    return {SEALS_WITH: f"k{number}", f"k{number}": secret, **kept, SINCE: at}


def without_old_keys(document: Mapping[str, Any]) -> dict[str, Any]:
    """The document with the sealing key alone."""
    name = document[SEALS_WITH]
    return {SEALS_WITH: name, name: document[name], **({SINCE: document[SINCE]} if SINCE in document else {})}
