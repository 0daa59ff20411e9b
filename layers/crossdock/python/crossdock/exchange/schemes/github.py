"""GitHub: `X-Hub-Signature-256: sha256=<hex>`, HMAC-SHA256 over the raw body.

Source: GitHub's page on validating webhook deliveries. The older X-Hub-Signature (SHA-1) is not looked at.
"""

from crossdock.exchange.schemes.forms import Form, prove
from crossdock.exchange.schemes.reading import identifier, label
from crossdock.exchange.schemes.values import Accepted, Incoming, Scheme, Trust, body_id, hashed

_FORM = Form(header="x-hub-signature-256", encoding="hex", prefix="sha256=")


def _github(incoming: Incoming, trust: Trust) -> Accepted:
    prove(_FORM, incoming, trust)
    return Accepted(
        delivery_id=identifier(incoming, "x-github-delivery") or body_id(incoming.body),
        content=hashed(incoming.body),
        event_type=label(incoming, "x-github-event"),
    )


GITHUB = Scheme(
    name="github",
    secret="the webhook's secret",  # noqa: S106 - what it is, not one
    id_from="the header X-GitHub-Delivery; where it is missing, a hash of the body",
    judge=_github,
    forms=(_FORM,),
    given=True,
    cautions=(
        "the headers are not signed: id and event type are what the sender says, only the body is proven",
        "no timestamp is signed: a recorded delivery is recognised by its id or body, however old it is",
    ),
)
