"""What each vendor makes of our answers, as data: which status it wants, what makes it try again, what makes it stop.

An answer is chosen for what the vendor does next. Where a refusal is seen by those who can mend the delivery, one that
cannot be mapped is refused, and nothing of it is stored. Where it would only be repeated until the subscription is
switched off or deleted, it is kept, answered as accepted, and becomes an exception that is mended here. What does not
prove its origin is never kept. An outage of ours is 503 for everybody: all of them try again then, but GitHub, which
has to be asked for what it failed to deliver, and WooCommerce, which counts the failure.

Sources: the vendors' pages on deliveries, retries and responses, November 2026.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from crossdock.exchange.schemes.salesforce import ACKNOWLEDGED

TRY_LATER: Final = 429


@dataclass(frozen=True, slots=True)
class Rules:
    """One vendor's rules.

    `accepted` also answers a repetition; `body` says what stands in it: our `json`, nothing (`empty`), or `soap`.
    `refused` answers a signature that does not fit. `keeps`: what cannot be mapped is kept and answered as accepted;
    otherwise it is refused (400, 409, 422). `within_s` is how long the vendor waits. `again` and `stops` are its own
    rules in words, for the operator.
    """

    accepted: int
    refused: int
    keeps: bool
    within_s: float
    again: str
    stops: str
    body: str = "json"


_STANDARD = Rules(
    accepted=202,
    refused=401,
    keeps=False,
    within_s=15,
    again="anything but 2xx: after 5 s, 5 min, 30 min, 2 h, 5 h, 10 h and 10 h",
    stops="an endpoint that fails for 5 days is switched off (Svix)",
)
_HUBSPOT = Rules(
    accepted=200,
    refused=401,
    keeps=True,
    within_s=5,
    again="no answer, 4xx and 5xx: up to 10 times within 24 hours",
    stops="what failed 10 times is dropped",
)

RULES: Final[Mapping[str, Rules]] = {
    "standard-webhooks": _STANDARD,
    "svix": _STANDARD,
    "generic-hmac": replace(_STANDARD, again="as its sender decides", stops="as its sender decides"),
    "shopify": Rules(
        accepted=200,
        refused=401,
        keeps=True,
        within_s=5,
        again="anything but 2xx: 8 times within 4 hours",
        stops="8 failures running delete the subscription, if it was made through the Admin API",
    ),
    "bigcommerce": Rules(
        accepted=200,
        refused=401,
        keeps=True,
        within_s=10,
        again="anything but 2xx: 11 times within 48 hours",
        stops="below 90 % success within 2 minutes nothing is sent for 3 minutes; after the last retry the webhook is "
        "switched off; one that sent nothing for 90 days too",
        body="empty",  # a body or many headers may keep the delivery from being acknowledged
    ),
    "woocommerce": Rules(
        accepted=200,
        refused=401,
        keeps=True,
        within_s=60,
        again="never",
        stops="more than 5 failures running switch the webhook off; a new one wants exactly 200 for its ping",
    ),
    "stripe": Rules(
        accepted=200,
        refused=400,
        keeps=True,
        within_s=20,
        again="anything but 2xx: for 3 days, at growing intervals",
        stops="an endpoint that keeps failing is switched off, with a mail",
    ),
    "github": Rules(
        accepted=202,
        refused=401,
        keeps=True,
        within_s=10,
        again="never by itself: a failed delivery of the last 3 days can be asked for again",
        stops="never",
    ),
    "hubspot-v1": _HUBSPOT,
    "hubspot-v2": _HUBSPOT,
    "hubspot-v3": _HUBSPOT,
    "business-central": Rules(
        accepted=200,
        # Most others would delete the subscription, for instance while a new clientState is not known here yet; and a
        # 5xx would let strangers ring the alarm for outages.
        refused=TRY_LATER,
        keeps=True,
        within_s=30,
        again="408, 429 and 5xx: for 36 hours",
        stops="any other status that is not 2xx deletes the subscription; it ends after 3 days unless it is renewed",
        body="empty",
    ),
    "salesforce-outbound": Rules(
        accepted=200,
        refused=401,
        keeps=True,
        within_s=60,
        again="anything but the acknowledgement: for 24 hours, up to 2 hours apart",
        stops="what was not acknowledged within 24 hours is dropped",
        body="soap",
    ),
}

SOAP: Final = ("text/xml; charset=utf-8", ACKNOWLEDGED)


def rules_of(scheme: str, own: Mapping[str, Any] | None = None) -> Rules:
    """A scheme's rules, with what a source's configuration ([sources.x.answers]) says otherwise."""
    changes = {name: value for name, value in (own or {}).items() if value is not None}
    return replace(RULES[scheme], **changes)
