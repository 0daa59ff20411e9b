"""What this function tells the API's document of its endpoints."""

from crossdock.contracts.customer_answers import CustomerKept
from crossdock.contracts.customer_attributes import ATTRIBUTES, FIELDS
from crossdock.contracts.customer_requests import CustomerPatch, CustomerReport
from crossdock.contracts.endpoints import Answer, Endpoint, Parameter, in_path

# What is said of a customer names nothing of another partner's: a parent goes by the own system's id of it.
_SAID = {
    "account": "nothing",
    "attributes/*": "nothing",
    **{f"attributes/{name}": "nothing" for name in ATTRIBUTES},
    **{
        f"{kind}s/{path}": "nothing"
        for kind in ("contact", "ship_to")
        for path in ("*", *(f"*/{name}" for name in FIELDS[kind]))
    },
}
_HEADERS = {"Location": "Where the customer is read.", "ETag": "Its version."}

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/customers",
        tag="Customers",
        summary="Report a customer",
        says=(
            "What one of the partner's systems says of one of its accounts: the customer is found by its ids, or made. "
            "Like any report it is judged by who owns what. With an Idempotency-Key the same request again changes "
            "nothing. `state` is review where it may be another customer, which somebody decides."
        ),
        scopes=("customers:write",),
        body=CustomerReport,
        example={
            "source": "{source}",
            "account": "account-of-{partner}",
            "attributes": {
                "name": "{partner} Fasteners Ltd",
                "email": "office@{partner}-fasteners.example",
                "billing_city": "London",
                "billing_country": "GB",
            },
            "contacts": {"buyer-of-{partner}": {"name": "Ada Byron", "role": "buyer"}},
        },
        names={
            **_SAID,
            "customer": "customer-id",
            "known_as/system": "source",
            "known_as/id": "nothing",
        },
        answers=(
            Answer(201, "The customer is new.", CustomerKept, _HEADERS),
            Answer(200, "It was known, also by this same request.", CustomerKept, _HEADERS),
        ),
        problems={
            403: ("source-not-yours",),
            404: ("no-such-customer",),
            409: ("customer-ids-conflict",),
            422: ("attribute-not-yours", "hierarchy-circle", "idempotency-key-reused", "source-missing"),
        },
        idempotency="optional",
        gives={
            "customer-id": "/id",
            "customer-name": "/attributes/name",
            "customer-email": "/attributes/email",
            "account": "/ids/0/id",
        },
    ),
    Endpoint(
        method="PATCH",
        path="/v1/customers/{id}",
        tag="Customers",
        summary="Change a customer",
        says=(
            "A JSON merge patch (RFC 7396) of what is believed, said by one of the partner's systems: all of it, or "
            "nothing where that system may not say a part of it. What was changed by this same request already is "
            "answered as it was."
        ),
        scopes=("customers:write",),
        parameters=(
            in_path("id", "customer-id", "The customer, by our id.", "{customer-id}", minLength=1),
            Parameter(
                "header",
                "If-Match",
                "version",
                "The ETag of the customer as the caller has read it; * for any.",
                {"type": "string", "minLength": 1},
                "*",
                required=True,
            ),
        ),
        body=CustomerPatch,
        example={"source": "{source}", "attributes": {"phone": "+44 20 7946 0958"}},
        names=_SAID,
        answers=(Answer(200, "The customer as it is now.", CustomerKept, _HEADERS),),
        problems={
            403: ("source-not-yours",),
            404: ("no-such-customer",),
            409: ("customer-gone", "customer-ids-conflict", "customer-merged"),
            412: ("precondition-failed",),
            422: ("account-missing", "attribute-not-yours", "hierarchy-circle", "source-missing"),
            428: ("precondition-required",),
        },
    ),
)
