"""What this function tells the API's document of its endpoints."""

from crossdock.contracts.endpoints import Answer, Endpoint, in_path, in_query
from crossdock.contracts.price_api_answers import Drafts, RuleHistory, RulesApproved, RulesKept
from crossdock.contracts.price_changes import PriceApprovals, PriceRuleBatch

_LOOKS = ("prices:write", "prices:approve")
_RULE = {
    "rule_id": "{partner}-list",
    "version": 1,
    "item": "WIDGET",
    "currency": "GBP",
    "tiers": [{"min_quantity": 1, "value": "10.00"}],
    "valid_from": "2026-01-01",
}
# A rule's scope says for whom a price is; the scope prices:write is for all customers and channels of the distributor.
_FOR_ALL = {
    "rules/scope/customer": "nothing",
    "rules/scope/channel": "nothing",
    "rules/rule_id": "nothing",
}

ENDPOINTS = (
    Endpoint(
        method="POST",
        path="/v1/price-rules",
        tag="Prices",
        summary="Propose price rules",
        says=(
            "Every rule is kept, or none. A rule that says no status is a draft; one in force at once needs the scope "
            "prices:approve, and is refused where somebody else has to approve."
        ),
        scopes=("prices:write",),
        body=PriceRuleBatch,
        example={"source": "{source}", "rules": [_RULE]},
        names=_FOR_ALL,
        answers=(Answer(201, "Every rule is kept.", RulesKept),),
        problems={
            403: ("source-not-yours", "four-eyes"),
            409: ("price-rules-contradict",),
            422: ("source-missing", "price-rules-refused"),
        },
        gives={"price-rule": "/rules/0/rule_id"},
    ),
    Endpoint(
        method="GET",
        path="/v1/price-rules",
        tag="Prices",
        summary="Drafts that nobody has approved yet",
        scopes=_LOOKS,
        parameters=(in_query("status", "nothing", "Only drafts are listed.", "draft", enum=["draft"]),),
        answers=(Answer(200, "The drafts of the partner's sources.", Drafts),),
        problems={400: ("status-missing",)},
    ),
    Endpoint(
        method="POST",
        path="/v1/price-rules/approvals",
        tag="Prices",
        summary="Approve drafts",
        says="Every version named takes effect, or none; one that was in force already stays as it is.",
        scopes=("prices:approve",),
        body=PriceApprovals,
        example={"source": "{source}", "approvals": [{"rule_id": "{price-rule}", "version": 1}]},
        answers=(Answer(200, "Every version is in force.", RulesApproved),),
        problems={403: ("source-not-yours",), 409: ("not-approved",), 422: ("source-missing",)},
    ),
    Endpoint(
        method="GET",
        path="/v1/price-rules/{rule_id}",
        tag="Prices",
        summary="A rule's versions",
        scopes=_LOOKS,
        parameters=(
            in_path("rule_id", "price-rule", "The rule, as its source calls it.", "{price-rule}", minLength=1),
            in_query("source", "source", "The rule's source; for a partner that has several.", "{source}"),
        ),
        answers=(Answer(200, "The versions, oldest first.", RuleHistory),),
        problems={403: ("source-not-yours",), 404: ("unknown-price-rule",), 422: ("source-missing",)},
    ),
)
