"""A keyed hash described by configuration ([sources.x.hmac]): for a system that signs in a way of its own."""

from crossdock.exchange.schemes.forms import prove
from crossdock.exchange.schemes.reading import identifier
from crossdock.exchange.schemes.values import Accepted, Incoming, Scheme, Trust, body_id, hashed
from crossdock.platform.errors import NotConfiguredError


def _generic(incoming: Incoming, trust: Trust) -> Accepted:
    if trust.form is None:
        raise NotConfiguredError("the scheme generic-hmac needs [sources.<name>.hmac] in the configuration")
    proven = prove(trust.form, incoming, trust)
    named = proven.id or (identifier(incoming, trust.form.id) if trust.form.id else None)
    return Accepted(named or body_id(incoming.body), hashed(incoming.body), sent_at=proven.sent_at)


GENERIC_HMAC = Scheme(
    name="generic-hmac",
    secret="what the configuration says: text, base64 or hex",  # noqa: S106 - its form
    id_from="the header that the configuration names; without one, a hash of the body",
    judge=_generic,
    given=True,
)
