"""What this function tells the API's document of its endpoint."""

from crossdock.contracts.allocations import AllocationSettings
from crossdock.contracts.endpoints import Answer, Endpoint, in_path
from crossdock.contracts.stock_answers import AnsweredAllocations

ENDPOINTS = (
    Endpoint(
        method="PUT",
        path="/v1/items/{sku}/allocations/{warehouse}",
        tag="Stock",
        summary="Set what belongs to a channel alone",
        says=(
            "For the distributor's own planners: the scope is for all channels. What is left out stays as it is; all "
            "of a request is set, or nothing."
        ),
        scopes=("inventory:allocate",),
        parameters=(
            in_path("sku", "item", "Our item code.", "WIDGET", minLength=1),
            in_path("warehouse", "warehouse", "A warehouse.", "MAIN", minLength=1),
        ),
        body=AllocationSettings,
        example={"safety_stock": 2, "allocations": {"webshop": {"quantity": 10}}},
        # Whoever holds this scope shares stock out among all channels.
        names={"allocations/*": "nothing"},
        answers=(Answer(200, "What then stands.", AnsweredAllocations),),
        problems={
            404: ("no-stock-record", "no-such-warehouse"),
            409: ("allocation-refused",),
            422: ("channel-unknown",),
        },
    ),
)
