"""Microsoft Dynamics 365 Business Central: a handshake by echo, and a shared text in every notification.

Source: Microsoft's page on webhooks of Business Central. Making or renewing a subscription sends `validationToken` in
the query, to be answered with exactly that and 200. Nothing is signed: each notification carries the `clientState` that
the subscription was made with, and one delivery can carry notifications of several subscriptions. A subscription lives
for three days; each notification says until when.
"""

import hmac
from typing import Any
from urllib.parse import parse_qs, urlsplit

from crossdock.exchange.schemes.reading import instant_in, json_of, text_in
from crossdock.exchange.schemes.values import Accepted, Answer, Incoming, Scheme, Trust, body_id, hashed
from crossdock.exchange.signatures import SignatureRefusedError
from crossdock.platform.errors import NotConfiguredError

_TOKEN = "validationToken"  # noqa: S105 - the name of a parameter
_LONGEST_TOKEN = 2_048
_MOST = 10_000


def _business_central(incoming: Incoming, trust: Trust) -> Accepted | Answer:
    token = _token(incoming.url)
    if token is not None:
        return Answer(200, token, why="the handshake of a subscription that is made or renewed")
    notifications = _notifications(incoming.body)
    secrets = [secret.encode("utf-8", "surrogatepass") for secret in trust.secrets]
    if not all(secrets):
        raise NotConfiguredError("a clientState is empty: rotate it")
    for n, notification in enumerate(notifications):
        _check_state(f"value[{n}].clientState", notification, secrets)
    expiries = [at for at in (instant_in(n, "expirationDateTime") for n in notifications) if at]
    kinds = {text_in(n, "changeType") for n in notifications}
    return Accepted(
        delivery_id=body_id(incoming.body),
        content=hashed(incoming.body),
        event_type=kinds.pop() if len(kinds) == 1 else None,
        expires_at=min(expiries, default=None),
    )


def _token(url: str) -> str | None:
    """What is to be echoed. It goes back as plain text, so it may be no more than one line of plain characters."""
    try:
        # Percent-encoding that is no UTF-8 becomes a character that the check below refuses.
        given = parse_qs(urlsplit(url).query, keep_blank_values=True, max_num_fields=50).get(_TOKEN)
    except ValueError as exc:
        raise SignatureRefusedError("url", "cannot be read", "call the address you were given") from exc
    if given is None:
        return None
    token = given[0]
    if len(given) > 1 or not token or len(token) > _LONGEST_TOKEN or not (token.isascii() and token.isprintable()):
        raise SignatureRefusedError(_TOKEN, "cannot be echoed", "send one token of printable ASCII")
    return token


def _notifications(body: bytes) -> list[dict[str, Any]]:
    document = json_of(body)
    found = document.get("value") if isinstance(document, dict) else None
    if not isinstance(found, list) or not 0 < len(found) <= _MOST or not all(isinstance(n, dict) for n in found):
        raise SignatureRefusedError("value", "is not a list of notifications", "send what Business Central sends")
    return found


def _check_state(field: str, notification: dict[str, Any], secrets: list[bytes]) -> None:
    state = notification.get("clientState")
    offered = state.encode("utf-8", "surrogatepass") if isinstance(state, str) else b""
    fits = False
    for secret in secrets:
        fits |= hmac.compare_digest(secret, offered)
    if not fits:
        raise SignatureRefusedError(
            field,
            "is none of the active secrets" if offered else "is missing",
            "make or renew the subscription with clientState set to the source's secret",
            misfit=True,
        )


BUSINESS_CENTRAL = Scheme(
    name="business-central",
    secret="the subscription's clientState",  # noqa: S106 - what it is, not one
    id_from="a hash of the body",
    judge=_business_central,
    given=True,
    cautions=(
        "nothing is signed: clientState proves who made the subscription, not that the body is unchanged",
        "notifications say what changed, not how: fetch the entity",
    ),
)
