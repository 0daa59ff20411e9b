"""The web application firewall before the API: what is refused before a function is paid for.

What it is for: floods, addresses of known attackers, scanners, and probes in paths, headers and query strings. What
it is not for: judging bodies. A movement's note may say `<b>`, a CRM's account `DROP TABLE & Sons`, a signed webhook
may be any bytes, and 1,000 movements are far over the 8 KB of the managed rules. Nothing here shows a body to a browser
or puts it into a query; the functions parse bodies against strict contracts. A blocked webhook, though, is a lost
fact: its source would not send it again. So every rule about bodies counts and never blocks; the log says what.

Cost (us-east-1, November 2026): 5 $ a month for the list, 1 $ for each of its five rules, 0.60 $ per million requests.
"""

import json
from typing import Final

from aws_cdk import ArnFormat
from aws_cdk import aws_apigateway as apigateway
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_wafv2 as wafv2
from constructs import Construct

from infra.constructs.function import log_group
from infra.constructs.stack import StageStack

# Groups of AWS, each with its rules that count only: those that look at bodies, and one that machines would break.
MANAGED: Final = {
    "AWSManagedRulesAmazonIpReputationList": (),
    "AWSManagedRulesKnownBadInputsRuleSet": ("Log4JRCE_BODY", "JavaDeserializationRCE_BODY", "ReactJSRCE_BODY"),
    "AWSManagedRulesCommonRuleSet": (
        "SizeRestrictions_BODY",
        "CrossSiteScripting_BODY",
        "GenericLFI_BODY",
        "GenericRFI_BODY",
        "EC2MetaDataSSRF_BODY",
        # An ERP's own HTTP client often names itself not at all.
        "NoUserAgent_HEADER",
    ),
}
# A span of WAF's rate rules.
WINDOW_SECONDS: Final = 300
# What anybody may read is small and changes with a release.
DOCUMENTS: Final = "/live/v1/openapi.json", "/live/v1/asyncapi.json"
DOCUMENTS_PER_WINDOW: Final = 300
# Never in a log: what proves a caller, and query strings, which name customers.
SECRET_HEADERS: Final = ("authorization", "x-api-key", "webhook-signature", "x-shopify-hmac-sha256", "cookie")
_SLOWLY: Final = "slowly"


class Firewall(Construct):
    """The list of rules on the API's stage, with a log of what was blocked or counted."""

    def __init__(self, stack: StageStack, api: apigateway.RestApi) -> None:
        super().__init__(stack, "Firewall")
        self._stack = stack
        stage = stack.plan.stage
        # Twice what one partner may send: two of them can sit behind one address, and the gateway throttles by key.
        per_address = 2 * stage.partner_throttle.rate * WINDOW_SECONDS
        self.rules = wafv2.CfnWebACL(
            self,
            "Rules",
            name=stage.named("api"),
            description="Before the partner API and the webhooks",
            scope="REGIONAL",
            default_action=wafv2.CfnWebACL.DefaultActionProperty(allow={}),
            visibility_config=_seen("firewall"),
            custom_response_bodies={_SLOWLY: _too_many()},
            rules=[
                *(_managed(n, name, counted) for n, (name, counted) in enumerate(MANAGED.items())),
                _limit(10, "documents-per-address", DOCUMENTS_PER_WINDOW, _one_of(DOCUMENTS)),
                _limit(11, "requests-per-address", per_address, None),
            ],
        )
        wafv2.CfnWebACLAssociation(
            self, "Stage", resource_arn=api.deployment_stage.stage_arn, web_acl_arn=self.rules.attr_arn
        )
        self._log()

    def _log(self) -> None:
        """Only what was blocked or counted: the access log has a line for every request."""
        # WAF writes to groups of this prefix only.
        name = f"aws-waf-logs-{self._stack.plan.stage.named('api')}"
        group = log_group(self, self._stack, name)
        delivery = iam.PolicyStatement(
            principals=[iam.ServicePrincipal("delivery.logs.amazonaws.com")],
            actions=["logs:CreateLogStream", "logs:PutLogEvents"],
            resources=[group.log_group_arn],
            conditions={"StringEquals": {"aws:SourceAccount": self._stack.account}},
        )
        allowed = logs.ResourcePolicy(self, "Delivery", policy_statements=[delivery])
        filters = wafv2.CfnLoggingConfiguration
        # Free JSON to CloudFormation, so the CDK does not write its names in its own way.
        conditions = [{"ActionCondition": {"Action": action}} for action in ("BLOCK", "COUNT", "EXCLUDED_AS_COUNT")]
        made = wafv2.CfnLoggingConfiguration(
            self,
            "Logging",
            resource_arn=self.rules.attr_arn,
            log_destination_configs=[
                self._stack.format_arn(
                    service="logs",
                    resource="log-group",
                    resource_name=name,
                    arn_format=ArnFormat.COLON_RESOURCE_NAME,
                )
            ],
            logging_filter={
                "DefaultBehavior": "DROP",
                "Filters": [{"Behavior": "KEEP", "Requirement": "MEETS_ANY", "Conditions": conditions}],
            },
            redacted_fields=[
                *(filters.FieldToMatchProperty(single_header={"Name": name}) for name in SECRET_HEADERS),
                filters.FieldToMatchProperty(query_string={}),
            ],
        )
        made.node.add_dependency(group, allowed)


def _managed(number: int, name: str, counted: tuple[str, ...]) -> wafv2.CfnWebACL.RuleProperty:
    """A group of AWS in its newest version; `counted` are its rules that do not block."""
    acl = wafv2.CfnWebACL
    count = acl.RuleActionProperty(count={})
    return acl.RuleProperty(
        name=name.removeprefix("AWSManagedRules"),
        priority=number,
        override_action=acl.OverrideActionProperty(none={}),
        statement=acl.StatementProperty(
            managed_rule_group_statement=acl.ManagedRuleGroupStatementProperty(
                vendor_name="AWS",
                name=name,
                rule_action_overrides=[
                    acl.RuleActionOverrideProperty(name=rule, action_to_use=count) for rule in counted
                ]
                or None,
            )
        ),
        visibility_config=_seen(name.removeprefix("AWSManagedRules")),
    )


def _limit(
    number: int, name: str, limit: int, only: wafv2.CfnWebACL.StatementProperty | None
) -> wafv2.CfnWebACL.RuleProperty:
    """So many requests of an address in five minutes; then 429, which a source repeats, and not 403, which it drops."""
    acl = wafv2.CfnWebACL
    return acl.RuleProperty(
        name=name,
        priority=number,
        action=acl.RuleActionProperty(
            block=acl.BlockActionProperty(
                custom_response=acl.CustomResponseProperty(
                    response_code=429,
                    custom_response_body_key=_SLOWLY,
                    response_headers=[acl.CustomHTTPHeaderProperty(name="Retry-After", value=str(WINDOW_SECONDS))],
                )
            )
        ),
        statement=acl.StatementProperty(
            rate_based_statement=acl.RateBasedStatementProperty(
                limit=limit,
                aggregate_key_type="IP",
                evaluation_window_sec=WINDOW_SECONDS,
                scope_down_statement=only,
            )
        ),
        visibility_config=_seen(name),
    )


def _one_of(paths: tuple[str, ...]) -> wafv2.CfnWebACL.StatementProperty:
    acl = wafv2.CfnWebACL
    plain = [acl.TextTransformationProperty(priority=0, type="NONE")]
    found = [
        acl.StatementProperty(
            byte_match_statement=acl.ByteMatchStatementProperty(
                field_to_match=acl.FieldToMatchProperty(uri_path={}),
                positional_constraint="EXACTLY",
                search_string=path,
                text_transformations=plain,
            )
        )
        for path in paths
    ]
    return acl.StatementProperty(or_statement=acl.OrStatementProperty(statements=found))


def _seen(name: str) -> wafv2.CfnWebACL.VisibilityConfigProperty:
    """A metric for each rule; no samples, which would show what the log leaves out."""
    return wafv2.CfnWebACL.VisibilityConfigProperty(
        cloud_watch_metrics_enabled=True, metric_name=name, sampled_requests_enabled=False
    )


def _too_many() -> wafv2.CfnWebACL.CustomResponseBodyProperty:
    """The problem document of the gateway's own 429."""
    content = {
        "type": "urn:crossdock:problem:too-many-requests",
        "title": "too many requests",
        "status": 429,
        "detail": "Too many requests from this address. Wait five minutes, then send the same request again.",
    }
    return wafv2.CfnWebACL.CustomResponseBodyProperty(content=json.dumps(content), content_type="APPLICATION_JSON")
