"""What this function tells the API's document of its endpoints."""

from crossdock.contracts.endpoints import Answer, Endpoint, Parameter, Status, in_path, in_query
from crossdock.contracts.stock_answers import (
    AvailabilityQuestion,
    AvailableToPromise,
    ItemAvailability,
    ListedAvailability,
)

_SKU = in_path("sku", "item", "Our item code.", "WIDGET", minLength=1)
_QUANTITY: dict[str, object] = {"pattern": r"^[0-9]{1,13}(\.[0-9]{1,6})?$"}
_SELECTORS: tuple[Parameter, ...] = (
    in_query("channel", "channel", "For whom: one of the partner's channels.", "{channel}"),
    in_query("segment", "nothing", "For whom: a segment of the configuration; not beside a channel."),
    in_query("warehouses", "warehouse", "From where: names with commas.", "MAIN"),
    in_query("warehouse_set", "warehouse", "From where: a set of the configuration; not beside warehouses."),
    in_query("quantity", "nothing", "How many are wanted, in base units.", "5", **_QUANTITY),
    in_query("date", "nothing", "For which business date.", format="date"),
)
_EXPECTED = in_query("expected", "nothing", "Whether to say what is still to come.", "true", enum=["true", "false"])
_PROBLEMS: dict[Status, tuple[str, ...]] = {403: ("channel-not-yours",), 422: ("invalid-question",)}

ENDPOINTS = (
    Endpoint(
        method="GET",
        path="/v1/items/{sku}/availability",
        tag="Stock",
        summary="What is there of an item",
        scopes=("inventory:read",),
        parameters=(_SKU, *_SELECTORS, _EXPECTED),
        answers=(Answer(200, "What is there and what may be promised.", ItemAvailability),),
        problems={**_PROBLEMS, 404: ("no-stock-record",)},
        revalidates=True,
    ),
    Endpoint(
        method="GET",
        path="/v1/items/{sku}/atp",
        tag="Stock",
        summary="What may be promised of an item by date",
        scopes=("inventory:read",),
        parameters=(_SKU, *_SELECTORS),
        answers=(Answer(200, "What may be promised, and from which supply.", AvailableToPromise),),
        problems={**_PROBLEMS, 404: ("no-stock-record",)},
        revalidates=True,
    ),
    Endpoint(
        method="POST",
        path="/v1/availability",
        tag="Stock",
        summary="What is there of many items",
        says="Up to 500 items; by date up to 50. Nothing is stored.",
        scopes=("inventory:read",),
        body=AvailabilityQuestion,
        example={"items": [{"sku": "WIDGET", "quantity": 5}, {"sku": "NOWHERE"}], "channel": "{channel}"},
        names={"segment": "nothing"},
        answers=(Answer(200, "Each item, or that nothing was ever recorded of it.", ListedAvailability),),
        problems={**_PROBLEMS, 400: ("malformed-json",)},
        revalidates=True,
    ),
)
