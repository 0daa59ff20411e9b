"""What this function tells the API's document of its endpoint."""

from crossdock.contracts.customer_answers import OrderVerdict
from crossdock.contracts.customer_requests import OrderCheckRequest
from crossdock.contracts.endpoints import Answer, Endpoint

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/order-checks",
        tag="Orders",
        summary="Whether an order may be taken",
        says=(
            "By the customer as it is at this moment: its state, credit hold and limit, and the quote that is named. "
            "Answers 200 whether it is accepted or not. Nothing is stored; a check reserves no credit."
        ),
        scopes=("orders:check",),
        body=OrderCheckRequest,
        example={"customer": "{customer-id}", "amount": "120.00", "currency": "GBP"},
        names={
            "customer": "customer-id",
            "system": "nothing",
            "external": "account",
            "amount": "nothing",
            "company": "nothing",
        },
        answers=(Answer(200, "The verdict.", OrderVerdict),),
        problems={404: ("no-such-customer",)},
    ),
)
