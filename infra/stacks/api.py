"""The front door: the partners' API and the sources' webhooks."""

from typing import Final, cast

from aws_cdk import CfnOutput, Duration
from aws_cdk import aws_apigateway as apigateway
from constructs import Construct

from infra.constructs.access_log import ACCESS_LOG_FORMAT, access_log
from infra.constructs.acknowledged import (
    NO_COGNITO,
    OWN_VALIDATION,
    PUBLIC_DESCRIPTIONS,
    SIGNED_WEBHOOKS,
    acknowledge,
)
from infra.constructs.alarms import Watch, alarm
from infra.constructs.firewall import Firewall
from infra.constructs.function import Function
from infra.constructs.problems import add_problems
from infra.constructs.stack import Plan, StageStack
from infra.stacks.customers import CustomerFunctions
from infra.stacks.data import CURSOR_KEY, QUOTE_KEY, DataStack
from infra.stacks.sync import HOLDS, PRICE_RULES, SyncStack
from infra.stages import Size

SLOW_MILLISECONDS: Final = 3000
# One alone is sent again within a minute, and taken; so many in five minutes are no chance.
REFUSED_WEBHOOKS: Final = 3
# The name of API Gateway's own stage, which is part of every address; not to be confused with ours.
API_STAGE: Final = "live"
WEBHOOKS: Final = {"Method": "POST", "Resource": "/webhooks/{source}", "Stage": API_STAGE}
# Which part of the stage's throttle a method gets, where it gets less than all of it.
SLOWER: Final = {
    "/v1/quotes/POST": 4,
    "/v1/price-checks/POST": 4,
    "/v1/price-books/{class}/GET": 10,
    "/v1/openapi.json/GET": 50,
    "/v1/asyncapi.json/GET": 50,
}


class ApiStack(StageStack):
    """Accepts facts durably and answers questions; applies nothing itself."""

    def __init__(self, scope: Construct, plan: Plan, data: DataStack, sync: SyncStack) -> None:
        super().__init__(scope, "api", plan, "partner API and webhooks")
        self.encrypt_with(data.key_arn)
        self.data = data
        self.sync = sync
        self._limited: set[str] = set()
        self.api = self._rest_api()
        self._routes()
        self._usage_plan()
        if plan.stage.cloud:  # the local engine's CloudFormation knows no firewall
            Firewall(self, self.api)
        self._alarms()
        CfnOutput(self, "ApiUrl", value=self.api.url, description="Base address of the API, with a trailing slash")
        CfnOutput(self, "ApiId", value=self.api.rest_api_id, description="For looking the API up by program")

    def _rest_api(self) -> apigateway.RestApi:
        cloud, throttle = self.plan.stage.cloud, self.plan.stage.api_throttle
        options = apigateway.StageOptions(
            stage_name=API_STAGE,
            throttling_rate_limit=throttle.rate,
            throttling_burst_limit=throttle.burst,
            tracing_enabled=cloud,
            metrics_enabled=cloud,
            # Errors of the gateway itself; never the bodies, which are business documents.
            logging_level=apigateway.MethodLoggingLevel.ERROR if cloud else None,
            data_trace_enabled=False,
            method_options=self._slower_methods(),
            access_log_destination=access_log(self) if cloud else None,
            access_log_format=ACCESS_LOG_FORMAT if cloud else None,
        )
        api = apigateway.RestApi(
            self,
            "Api",
            rest_api_name=self.plan.stage.named("api"),
            description="Partners' API and sources' webhooks",
            endpoint_types=[apigateway.EndpointType.REGIONAL],
            # The authorizer says under which key a call counts; the usage plan throttles by that.
            api_key_source_type=apigateway.ApiKeySourceType.AUTHORIZER,
            # Every body arrives base64-encoded, byte for byte: a webhook's signature is over its raw bytes.
            binary_media_types=["*/*"],
            deploy_options=options,
        )
        # CDK's own output of the address; ours is named in the contract.
        api.node.try_remove_child("Endpoint")
        add_problems(api)
        acknowledge(api, OWN_VALIDATION, NO_COGNITO)
        if cloud:
            _demand_modern_tls(api)
        return api

    def _slower_methods(self) -> dict[str, apigateway.MethodDeploymentOptions]:
        """Calls of which a few cost what many others do, each with a smaller share of what all may ask for.

        Prices of 500 lines take a second and a half of a whole core: what the API takes in all would be more functions
        at once than an account has. The documents are for everybody, and change with a release. (What one partner may
        ask for is weighed by lines: docs/partners.md.)
        """
        throttle, cloud = self.plan.stage.api_throttle, self.plan.stage.cloud
        return {
            method: apigateway.MethodDeploymentOptions(
                throttling_rate_limit=max(1, throttle.rate // part),
                throttling_burst_limit=max(1, throttle.burst // part),
                # A method's own settings replace the stage's, all of them.
                metrics_enabled=cloud,
                logging_level=apigateway.MethodLoggingLevel.ERROR if cloud else None,
                data_trace_enabled=False,
            )
            for method, part in SLOWER.items()
        }

    # -- functions ------------------------------------------------------------------------------

    def _function(self, name: str, environment: dict[str, str], size: Size | None = None) -> Function:
        return Function(self, name, environment, size=size or self.plan.stage.api, fast_start=True)

    def _authorize_partner(self) -> Function:
        identity = self.data.identity
        function = self._function(
            "authorize_partner", {"IDENTITY_TABLE": identity.name, "TOKEN_ISSUER": self.data.partners.issuer}
        )
        function.allow_table(identity, "GetItem")
        return function

    def _receive_movements(self) -> Function:
        queue = self.sync.movements.queue
        function = self._function("receive_movements", {"MOVEMENTS_QUEUE_URL": queue.queue_url})
        function.allow_send(queue)
        return function

    def _receive_supply(self) -> Function:
        bus = self.sync.bus
        function = self._function("receive_supply", {"EVENT_BUS_NAME": bus.event_bus_name})
        function.allow(["events:PutEvents"], bus.event_bus_arn)
        return function

    def _read_availability(self) -> Function:
        inventory, identity = self.data.inventory, self.data.identity
        function = self._function(
            "read_availability", {"IDENTITY_TABLE": identity.name, "INVENTORY_TABLE": inventory.name}
        )
        function.allow_table(inventory, "BatchGetItem", "Query")
        # The substitutes of an item that is short stand in its profile.
        function.allow_table(identity, "BatchGetItem")
        return function

    def _set_allocations(self) -> Function:
        inventory = self.data.inventory
        function = self._function("set_allocations", {"INVENTORY_TABLE": inventory.name})
        # Before a raise is refused, expired holds are ended and shards of hot items looked into.
        function.allow_table(inventory, *HOLDS, "GetItem")
        return function

    def _reserve_stock(self) -> Function:
        inventory, identity, queue = self.data.inventory, self.data.identity, self.sync.reservations.queue
        function = self._function(
            "reserve_stock",
            {
                "IDENTITY_TABLE": identity.name,
                "INVENTORY_TABLE": inventory.name,
                "RESERVATIONS_QUEUE_URL": queue.queue_url,
            },
        )
        function.allow_table(inventory, *HOLDS, "GetItem", "Query")
        function.allow_table(identity, "BatchGetItem")
        function.allow_send(queue)
        return function

    def _change_reservation(self) -> Function:
        inventory = self.data.inventory
        function = self._function("change_reservation", {"INVENTORY_TABLE": inventory.name})
        function.allow_table(inventory, *HOLDS)
        return function

    def _change_price_rules(self) -> Function:
        pricing, identity = self.data.pricing, self.data.identity
        function = self._function(
            "change_price_rules", {"IDENTITY_TABLE": identity.name, "PRICING_TABLE": pricing.name}
        )
        function.allow_table(pricing, *PRICE_RULES)
        function.allow_table(identity, "BatchGetItem")
        return function

    def _quote_prices(self) -> Function:
        pricing = self.data.pricing
        function = self._function(
            "quote_prices",
            {"PRICING_TABLE": pricing.name, "QUOTE_SECRET_PREFIX": self.plan.stage.secret_prefix("quotes")},
            self.plan.stage.quotes,
        )
        # Prices as they were known are read from the ledger of rules, version by version.
        function.allow_table(pricing, "BatchGetItem", "GetItem", "PutItem", "Query")
        function.allow_secrets("quotes", [QUOTE_KEY], self.data.key_arn)
        return function

    def _check_prices(self) -> Function:
        pricing = self.data.pricing
        function = self._function(
            "check_prices",
            {"CHANNEL_SECRET_PREFIX": self.plan.stage.secret_prefix("channels"), "PRICING_TABLE": pricing.name},
            self.plan.stage.quotes,
        )
        function.allow_table(pricing, "BatchGetItem")
        # A channel's manifest is signed with the secrets of its deliveries.
        function.allow_secrets("channels", self.plan.business.channels, self.data.key_arn)
        return function

    def _read_price_book(self) -> Function:
        function = self._function(
            "read_price_book", {"PRICING_TABLE": self.data.pricing.name, **self._cursor_environment()}
        )
        function.allow_table(self.data.pricing, "Query")
        function.allow_secrets("cursors", [CURSOR_KEY], self.data.key_arn)
        return function

    def _list_deliveries(self) -> Function:
        exchange = self.data.exchange
        function = self._function("list_deliveries", {"EXCHANGE_TABLE": exchange.name, **self._cursor_environment()})
        function.allow_table(exchange, "BatchGetItem", "Query")
        function.allow_secrets("cursors", [CURSOR_KEY], self.data.key_arn)
        return function

    def _cursor_environment(self) -> dict[str, str]:
        return {"CURSOR_SECRET_PREFIX": self.plan.stage.secret_prefix("cursors")}

    def _receive_webhook(self) -> Function:
        queue, bus, exchange = self.sync.movements.queue, self.sync.bus, self.data.exchange
        deferred = self.sync.webhooks.queue
        function = self._function(
            "receive_webhook",
            {
                "BODIES_BUCKET": self.data.bodies.bucket_name,
                "EVENT_BUS_NAME": bus.event_bus_name,
                "EXCHANGE_TABLE": exchange.name,
                "MOVEMENTS_QUEUE_URL": queue.queue_url,
                "SOURCE_SECRET_PREFIX": self.plan.stage.secret_prefix("sources"),
                "WEBHOOKS_QUEUE_URL": deferred.queue_url,
            },
        )
        function.allow_table(exchange, "PutItem")
        function.allow_objects(self.data.bodies, self.data.key_arn, "PutObject")
        function.allow_send(queue, deferred)
        function.allow(["events:PutEvents"], bus.event_bus_arn)
        function.allow_secrets("sources", self.plan.business.sources, self.data.key_arn)
        return function

    def _describe_api(self) -> Function:
        return self._function("describe_api", {})

    # -- routes ---------------------------------------------------------------------------------

    def _routes(self) -> None:
        keyed = apigateway.RequestAuthorizer(
            self,
            "Partners",
            handler=self._authorize_partner().target,
            # The gateway keeps an answer under headers that must all be there; a caller has either a key or a token.
            # So it asks each time, and the function keeps what it found for a minute.
            identity_sources=[],
            results_cache_ttl=Duration.seconds(0),
        )
        self._route("v1/inventory/movements", "POST", self._receive_movements(), keyed)
        self._route("v1/inventory/supply", "POST", self._receive_supply(), keyed)
        availability = self._read_availability()
        self._route("v1/items/{sku}/availability", "GET", availability, keyed)
        self._route("v1/items/{sku}/atp", "GET", availability, keyed)
        self._route("v1/availability", "POST", availability, keyed)
        self._route("v1/items/{sku}/allocations/{warehouse}", "PUT", self._set_allocations(), keyed)
        self._route("v1/reservations", "POST", self._reserve_stock(), keyed)
        change = self._change_reservation()
        self._route("v1/reservations/{id}", "GET", change, keyed)
        self._route("v1/reservations/{id}", "PATCH", change, keyed)
        self._route("v1/reservations/{id}/{action}", "POST", change, keyed)
        rules = self._change_price_rules()
        self._route("v1/price-rules", "GET", rules, keyed)
        self._route("v1/price-rules", "POST", rules, keyed)
        self._route("v1/price-rules/approvals", "POST", rules, keyed)
        self._route("v1/price-rules/{rule_id}", "GET", rules, keyed)
        quotes = self._quote_prices()
        self._route("v1/quotes", "POST", quotes, keyed)
        self._route("v1/quotes/{id}", "GET", quotes, keyed)
        self._route("v1/quotes/verify", "POST", quotes, keyed)
        checks = self._check_prices()
        self._route("v1/price-checks", "POST", checks, keyed)
        self._route("v1/channels/{channel}/price-manifest", "GET", checks, keyed)
        self._route("v1/price-books/{class}", "GET", self._read_price_book(), keyed)
        self._route("v1/deliveries", "GET", self._list_deliveries(), keyed)
        customers = CustomerFunctions(data=self.data, plan=self.plan, make=self._function)
        for function, routes in customers.routes():
            for method, path in routes:
                self._route(path, method, function, keyed)
        describe = self._describe_api()
        for name in ("openapi", "asyncapi"):
            acknowledge(self._route(f"v1/{name}.json", "GET", describe, None), PUBLIC_DESCRIPTIONS)
        webhook = self._route("webhooks/{source}", "POST", self._receive_webhook(), None)
        acknowledge(webhook, SIGNED_WEBHOOKS)

    def _route(
        self, path: str, method: str, function: Function, authorizer: apigateway.IAuthorizer | None
    ) -> apigateway.Method:
        """With an authorizer, the function counts each partner's calls, and the key that the authorizer names must be
        in a usage plan, whose throttle stands before us.

        The local engine looks for that key in the header even when the caller sent a token, so it is not asked to.
        """
        if authorizer is not None:
            self._limit(function)
        return self.api.root.resource_for_path(path).add_method(
            method,
            apigateway.LambdaIntegration(function.target, allow_test_invoke=False),
            authorization_type=apigateway.AuthorizationType.CUSTOM if authorizer else apigateway.AuthorizationType.NONE,
            authorizer=authorizer,
            api_key_required=authorizer is not None and self.plan.stage.cloud,
        )

    def _limit(self, function: Function) -> None:
        limits = self.data.limits
        if function.name not in self._limited:
            self._limited.add(function.name)
            function.function.add_environment("LIMITS_TABLE", limits.name)
            # The row that stood in the way is read only where the engine does not return it.
            function.allow_table(limits, "BatchGetItem", "PartiQLInsert", "PartiQLUpdate")

    def _usage_plan(self) -> None:
        throttle = self.plan.stage.partner_throttle
        self.api.add_usage_plan(
            "UsagePlan",
            name=self.plan.stage.named("partners"),
            description="What one partner's key may ask for",
            api_stages=[apigateway.UsagePlanPerApiStage(api=self.api, stage=self.api.deployment_stage)],
            throttle=apigateway.ThrottleSettings(rate_limit=throttle.rate, burst_limit=throttle.burst),
        )

    def _alarms(self) -> None:
        dimensions = {"ApiName": self.plan.stage.named("api")}
        alarm(self.api, "api-5xx", "api-5xx", Watch("AWS/ApiGateway", "5XXError", dimensions, "Sum", 1))
        slow = Watch("AWS/ApiGateway", "Latency", dimensions, "p99", SLOW_MILLISECONDS)
        alarm(self.api, "api-slow", "api-slow", slow)
        refusing = Watch("AWS/ApiGateway", "5XXError", {**dimensions, **WEBHOOKS}, "Sum", REFUSED_WEBHOOKS)
        alarm(Construct(self.api, "Inbox"), "inbox-refusing", "inbox-refusing", refusing)


def _demand_modern_tls(api: apigateway.RestApi) -> None:
    """TLS 1.2 with forward secrecy at least, by the API's own name only; the default takes TLS 1.0."""
    made = cast("apigateway.CfnRestApi", api.node.default_child)
    made.security_policy = "SecurityPolicy_TLS13_1_2_PFS_PQ_2025_09"
    made.endpoint_access_mode = "STRICT"
