"""The exceptions by impact in a dashboard: the function behind the widget, and the widget itself."""

from typing import Final

from aws_cdk import aws_cloudwatch as cloudwatch

from infra.constructs.function import Function
from infra.constructs.stack import StageStack
from infra.stacks.data import DataStack
from infra.stacks.sync import SyncStack

FUNCTION: Final = "show_exceptions"
_WIDE: Final = 24
_HIGH: Final = 12


def widget_function(stack: StageStack, data: DataStack, sync: SyncStack) -> Function:
    """Makes the function. It sends back to these queues only what was refused, and opens no payload.

    CloudWatch calls it with the rights of whoever looks at the dashboard, so nobody is granted it here: see
    docs/console.md for the policy.
    """
    queues = sync.replayed
    function = Function(
        stack,
        FUNCTION,
        {
            "EXCEPTIONS_TABLE": data.exceptions.name,
            "IDENTITY_TABLE": data.identity.name,
            "INVENTORY_TABLE": data.inventory.name,
            "PRICING_TABLE": data.pricing.name,
            "QUEUE_URLS": stack.to_json_string({name: queue.queue_url for name, queue in queues.items()}),
        },
    )
    function.allow_table(
        data.exceptions,
        *("BatchGetItem", "ConditionCheckItem", "GetItem", "PartiQLInsert", "PutItem", "Query", "UpdateItem"),
    )
    function.allow_index(data.exceptions, "by_state")
    function.allow_table(data.identity, "BatchGetItem")
    function.allow_table(data.inventory, "BatchGetItem", "Query")
    function.allow_table(data.pricing, "Query")
    function.allow_send(*queues.values())
    function.fail_to(sync.failures)
    return function


def exceptions_widget(function_arn: str) -> cloudwatch.CustomWidget:
    """The widget, for a dashboard. Whatever changes on the dashboard, it is asked again."""
    return cloudwatch.CustomWidget(
        title="Exceptions by impact", function_arn=function_arn, width=_WIDE, height=_HIGH, update_on_resize=False
    )
