"""How sources prove that a delivery is theirs: one module per family, all behind `verify`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Final

from crossdock.exchange.schemes.business_central import BUSINESS_CENTRAL
from crossdock.exchange.schemes.forms import Form
from crossdock.exchange.schemes.generic import GENERIC_HMAC
from crossdock.exchange.schemes.github import GITHUB
from crossdock.exchange.schemes.hubspot import V1, V2, V3
from crossdock.exchange.schemes.salesforce import SALESFORCE_OUTBOUND
from crossdock.exchange.schemes.shops import SHOPIFY, WOOCOMMERCE
from crossdock.exchange.schemes.standard_webhooks import BIGCOMMERCE, STANDARD_WEBHOOKS, SVIX
from crossdock.exchange.schemes.stripe import STRIPE
from crossdock.exchange.schemes.values import Accepted, Answer, Incoming, Scheme, Trust
from crossdock.exchange.signatures import SignatureRefusedError

__all__ = [
    "SCHEMES",
    "Accepted",
    "Answer",
    "Form",
    "Incoming",
    "Scheme",
    "SignatureRefusedError",
    "Trust",
    "verify",
]

SCHEMES: Final[Mapping[str, Scheme]] = {
    scheme.name: scheme
    for scheme in (
        STANDARD_WEBHOOKS,
        SVIX,
        SHOPIFY,
        BIGCOMMERCE,
        WOOCOMMERCE,
        STRIPE,
        GITHUB,
        V1,
        V2,
        V3,
        BUSINESS_CENTRAL,
        SALESFORCE_OUTBOUND,
        GENERIC_HMAC,
    )
}


def verify(
    scheme: str,
    incoming: Incoming,
    secrets: Sequence[str],
    now: datetime,
    tolerance_s: int,
    form: Form | None = None,
) -> Accepted | Answer:
    """What a request is: a delivery of its source, or one that wants a certain answer.

    Raises SignatureRefusedError, whatever was sent; NotConfiguredError when a secret of ours cannot be used; KeyError
    for a scheme that is none of SCHEMES. `form` describes the signature of a generic-hmac source.
    """
    return SCHEMES[scheme].judge(incoming, Trust(secrets, now, tolerance_s, form))
