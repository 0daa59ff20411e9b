"""What this function tells the API's document of its endpoint."""

from crossdock.contracts.answered import Accepted
from crossdock.contracts.endpoints import Answer, Endpoint
from crossdock.contracts.supply import SupplyBatch

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/inventory/supply",
        tag="Stock",
        summary="Report expected supply",
        says="What is still to come now: each statement replaces the last one of its line, by its version.",
        scopes=("inventory:write",),
        body=SupplyBatch,
        example={
            "source": "{source}",
            "supply": [
                {
                    "id": "PO-1/1",
                    "kind": "order",
                    "item": "WIDGET",
                    "warehouse": "MAIN",
                    "version": 1,
                    "quantity": 40,
                    "expected_on": "2026-12-01",
                }
            ],
        },
        answers=(Answer(202, "All of it is on its way.", Accepted),),
        problems={403: ("source-not-yours",), 422: ("source-missing",)},
    ),
)
