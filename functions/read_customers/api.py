"""What this function tells the API's document of its endpoints."""

from crossdock.contracts.customer_answers import CustomerAnswer, CustomerHistory, CustomersPage
from crossdock.contracts.endpoints import Answer, Endpoint, in_path, in_query

_ID = in_path("id", "customer-id", "The customer, by our id.", "{customer-id}", minLength=1)
_LIMIT = in_query("limit", "nothing", "Entries to a page, 1 to 50; 20 if left out.", "20", pattern="^[0-9]{1,2}$")
_CURSOR = in_query("cursor", "cursor", "The place that `next` names, for the same partner and question.")
_NEXT = {"Link": 'The address of the next page, as rel="next" (RFC 8288).'}

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/customers",
        tag="Customers",
        summary="Find customers",
        says=(
            "By what a system calls one (system and external), or by mail address, telephone number, tax id or name: "
            "written as one likes, but whole. All that is sent has to fit; at least one has to be sent."
        ),
        scopes=("customers:read",),
        parameters=(
            in_query("system", "nothing", "The system that calls it `external`.", pattern="^[a-z][a-z0-9_]{0,30}$"),
            in_query("external", "account", "What that system calls it.", minLength=1, maxLength=100),
            in_query("email", "customer-email", "Its mail address.", minLength=1, maxLength=500),
            in_query("phone", "nothing", "Its telephone number; the last nine digits count.", maxLength=500),
            in_query("tax_id", "nothing", "Its tax id, with or without the country in front.", maxLength=500),
            in_query("name", "customer-name", "Its name, with or without legal form.", "{customer-name}", minLength=1),
            _LIMIT,
            _CURSOR,
        ),
        answers=(Answer(200, "A page.", CustomersPage, _NEXT),),
        problems={422: ("cursor-unusable", "invalid-question")},
    ),
    Endpoint(
        method="GET",
        path="/v1/customers/{id}",
        tag="Customers",
        summary="A customer",
        says=(
            "What is believed of it, and what every system calls it. Its ETag is its version. One that was merged is "
            "answered too: `into` says what it is now, until that is taken back."
        ),
        scopes=("customers:read",),
        parameters=(
            _ID,
            in_query("explain", "nothing", "Whether it is told who said what, when, and why that is believed.", "true"),
        ),
        answers=(Answer(200, "The customer.", CustomerAnswer),),
        problems={404: ("no-such-customer",), 422: ("invalid-question",)},
        revalidates=True,
    ),
    Endpoint(
        method="GET",
        path="/v1/customers/{id}/history",
        tag="Customers",
        summary="What was believed of a customer",
        scopes=("customers:read",),
        parameters=(
            _ID,
            in_query("attribute", "nothing", "One attribute alone, such as credit_limit or contact/CT….", minLength=1),
            _LIMIT,
            _CURSOR,
        ),
        answers=(Answer(200, "A page.", CustomerHistory, _NEXT),),
        problems={404: ("no-such-customer",), 422: ("cursor-unusable", "invalid-question")},
    ),
)
