"""API Gateway's access log: one JSON line for each request.

`request_id` is the correlation id of the gateway's own refusals; a function's answer carries its own.
"""

import json
from typing import Final

from aws_cdk import RemovalPolicy
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam

from infra.constructs.acknowledged import GATEWAY_LOGS, acknowledge
from infra.constructs.function import log_group
from infra.constructs.stack import StageStack

ACCESS_LOG_FORMAT: Final = apigateway.AccessLogFormat.custom(
    json.dumps(
        {
            "time": "$context.requestTimeEpoch",
            "request_id": "$context.requestId",
            "method": "$context.httpMethod",
            "route": "$context.resourcePath",
            "status": "$context.status",
            "milliseconds": "$context.responseLatency",
            "bytes": "$context.responseLength",
            "source_ip": "$context.identity.sourceIp",
            "partner": "$context.authorizer.principalId",
            "refused_because": "$context.error.responseType",
            "integration_error": "$context.integration.error",
        }
    )
)


def access_log(stack: StageStack) -> apigateway.LogGroupLogDestination:
    """The log group and, once for the account's region, the role with which API Gateway writes at all."""
    role = iam.Role(
        stack,
        "GatewayLogs",
        assumed_by=iam.ServicePrincipal("apigateway.amazonaws.com"),
        managed_policies=[
            iam.ManagedPolicy.from_aws_managed_policy_name("service-role/AmazonAPIGatewayPushToCloudWatchLogs")
        ],
    )
    acknowledge(role, GATEWAY_LOGS)
    account = apigateway.CfnAccount(stack, "GatewayAccount", cloud_watch_role_arn=role.role_arn)
    # Another stage of the same account and region relies on both.
    for kept in (account, role):
        kept.apply_removal_policy(RemovalPolicy.RETAIN)
    group = log_group(stack, stack, f"/aws/apigateway/{stack.plan.stage.named('api')}")
    group.node.add_dependency(account)
    return apigateway.LogGroupLogDestination(group)
