"""What this function tells the API's document of its endpoint."""

from crossdock.contracts.answered import Accepted
from crossdock.contracts.endpoints import Answer, Endpoint
from crossdock.contracts.movements import MovementBatch

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/inventory/movements",
        tag="Stock",
        summary="Report movements",
        says="All of a request is taken, or nothing. A movement is applied once, however often it is sent.",
        scopes=("inventory:write",),
        body=MovementBatch,
        example={
            "source": "{source}",
            "movements": [
                {
                    "id": "receipt-1",
                    "item": "WIDGET",
                    "warehouse": "MAIN",
                    "type": "receipt",
                    "quantity": 5,
                    "occurred_at": "2026-11-21T07:00:00Z",
                }
            ],
        },
        names={"reservation": "nothing"},
        answers=(Answer(202, "Every movement is on its way.", Accepted),),
        problems={403: ("source-not-yours",), 422: ("source-missing", "too-many-movements")},
    ),
)
