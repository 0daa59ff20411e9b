"""The user pool whose app clients partners get access tokens by: OAuth 2.0 client credentials, and no users."""

from aws_cdk import CfnOutput, Fn, RemovalPolicy
from aws_cdk import aws_cognito as cognito
from constructs import Construct

from crossdock.identity.partners import SCOPES
from infra.constructs.acknowledged import NO_PASSWORDS, NO_PLUS_TIER, NO_SECOND_FACTOR, acknowledge
from infra.constructs.stack import StageStack

# What scopes begin with in a token: crossdock.identity.tokens.RESOURCE_SERVER, which a test compares.
RESOURCE_SERVER = "crossdock"


class PartnerPool(Construct):
    """Pool, scopes and token endpoint. `crossdock partners add --oauth` makes the clients, one or two a partner."""

    def __init__(self, stack: StageStack, removal: RemovalPolicy) -> None:
        super().__init__(stack, "Partners")
        stage = stack.plan.stage
        pool = cognito.UserPool(
            self,
            "Pool",
            user_pool_name=stage.named("partners"),
            self_sign_up_enabled=False,
            deletion_protection=stage.retain,
            removal_policy=removal,
        )
        acknowledge(pool, NO_PASSWORDS, NO_SECOND_FACTOR, NO_PLUS_TIER)
        pool.add_resource_server(
            "Api",
            identifier=RESOURCE_SERVER,
            user_pool_resource_server_name="Partner API",
            scopes=[
                cognito.ResourceServerScope(scope_name=scope, scope_description=f"The right {scope}")
                for scope in SCOPES
            ],
        )
        # The name is shared by all of a region's accounts.
        pool.add_domain(
            "Domain",
            cognito_domain=cognito.CognitoDomainOptions(
                domain_prefix=Fn.join("-", [stage.named("partners"), stack.account])
            ),
        )
        self.issuer = f"https://{pool.user_pool_provider_name}"
        CfnOutput(
            stack, "PartnerPoolId", value=pool.user_pool_id, description="The user pool of partners' OAuth clients"
        )
