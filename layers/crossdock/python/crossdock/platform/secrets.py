"""Secrets by name, read at most once a minute."""

import json
import time
from typing import TYPE_CHECKING, Any

from crossdock.platform.errors import NotConfiguredError

if TYPE_CHECKING:
    from mypy_boto3_secretsmanager import SecretsManagerClient


class Secrets:
    """JSON documents in Secrets Manager under one prefix, kept for `max_age` seconds.

    So a rotated secret is in use everywhere within a minute, and a webhook costs no call.
    """

    def __init__(self, client: "SecretsManagerClient", prefix: str, max_age: int = 60) -> None:
        self._client = client
        self._prefix = prefix
        self._max_age = max_age
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}

    def get(
        self, name: str, remedy: str, max_age: int | None = None, *, needs: str = "signing_secrets"
    ) -> dict[str, Any]:
        """The document, read again when the kept one is older than `max_age` seconds (default: as all are kept).

        Raises NotConfiguredError with `remedy` when there is none, or what it `needs` was never set.
        """
        kept = self._kept.get(name)
        if kept and time.monotonic() - kept[0] < (self._max_age if max_age is None else max_age):
            return kept[1]
        try:
            text = self._client.get_secret_value(SecretId=self._prefix + name)["SecretString"]
        except self._client.exceptions.ResourceNotFoundException as exc:
            raise NotConfiguredError(f"there is no secret {self._prefix}{name}: {remedy}") from exc
        document = json.loads(text)
        if not document.get(needs):
            raise NotConfiguredError(f"the secret {self._prefix}{name} was never set: {remedy}")
        self._kept[name] = (time.monotonic(), document)
        return dict(document)
