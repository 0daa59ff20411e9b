"""What cdk-nag's AwsSolutions pack and the CDK report and we keep, each with the reason.

The tests run the pack over production: whatever is not here fails them.
"""

from dataclasses import dataclass
from typing import Final

from aws_cdk import Acknowledgment, Validations
from constructs import IConstruct


@dataclass(frozen=True, slots=True)
class Reason:
    """One finding of one rule, and why it stands."""

    rule: str
    why: str


FAILURES: Final = Reason(
    "AwsSolutions-SQS3",
    "This is where failures go: the destination of streams, asynchronous invocations, rules and schedules.",
)
PYTHON_VERSION: Final = Reason(
    "AwsSolutions-L1",
    "3.13 is what the locked wheels and the byte code of the layers are made for and what the tests run; a newer "
    "version is one change of infra/bundling.py and infra/constructs/layers.py, with the lock.",
)
TRACES: Final = Reason(
    "AwsSolutions-IAM5[Resource::*]",
    "X-Ray's two write actions know no resources: AWS grants them on * only.",
)
WINDOWS: Final = Reason(
    "AwsSolutions-IAM5[Resource::arn:<AWS::Partition>:scheduler:<AWS::Region>:<AWS::AccountId>:"
    "schedule/<PricePublicationWindowsB97C1D1E>/at-*]",
    "A price's window is a schedule named after its instant, which no deployment knows; the group is ours alone, and "
    "the only action is to create.",
)
BODIES: Final = Reason(
    "AwsSolutions-IAM5[Resource::crossdock-prod-data:ExportsOutputFnGetAttBodies3FF2AA63ArnC3365D50/*]",
    "An object is named after the hash of its content, which no deployment knows; one function may only put objects "
    "into this bucket, the other only get them.",
)

ALARM_STATES: Final = Reason(
    "AwsSolutions-IAM5[Resource::*]",
    "CodeDeploy asks for the state of all of a deployment's alarms in one call, which AWS grants on * only; it reads "
    "and changes none.",
)
VERSION_EXISTS: Final = Reason(
    "Annotation::@aws-cdk/aws-lambda:snapStartRequirePublish",
    "Callers reach the function through its alias, which stands on a published version.",
)
ROTATION: Final = Reason(
    "AwsSolutions-SMG4",
    "The secret is agreed with an outside system, so no function of ours can change it alone. The document holds a "
    "list: the new one is added, both are accepted, the old one is taken out.",
)
QUOTES_ROTATION: Final = Reason(
    "AwsSolutions-SMG4",
    "Quotes outlive a change of their key: the old one must stay active until the last of them has ended, which "
    "`crossdock quotes rotate` sees to and a timer does not.",
)
CURSORS_ROTATION: Final = Reason(
    "AwsSolutions-SMG4",
    "It signs where a listing goes on, for a partner who may read all of it anyway; a change by timer would "
    "break listings off and protect nothing.",
)
NO_PASSWORDS: Final = Reason(
    "AwsSolutions-COG1",
    "The pool holds clients of machines (client credentials) and no users: nobody signs up, there are no passwords.",
)
NO_SECOND_FACTOR: Final = Reason(
    "AwsSolutions-COG2",
    "The pool holds clients of machines (client credentials) and no users: there is nobody to ask for a second factor.",
)
NO_PLUS_TIER: Final = Reason(
    "AwsSolutions-COG8",
    "The Plus tier adds threat protection to how users sign in; the pool has none, and we limit and log what its "
    "clients do with their tokens.",
)
GATEWAY_LOGS: Final = Reason(
    "AwsSolutions-IAM4[Policy::arn:<AWS::Partition>:iam::aws:policy/service-role/AmazonAPIGatewayPushToCloudWatchLogs]",
    "API Gateway takes one role for the whole region of an account and checks it against this policy's permissions.",
)
OWN_VALIDATION: Final = Reason(
    "AwsSolutions-APIG2",
    "The functions validate against the published contract and answer with the field and the remedy; the gateway's own "
    "validation would answer first and name neither.",
)
NO_COGNITO: Final = Reason(
    "AwsSolutions-COG4",
    "Callers are machines: our authorizer checks their API keys, and the access tokens of the Cognito pool's clients, "
    "against one table of partners; Cognito's own authorizer knows no keys and no partners.",
)
NO_ACCESS_LOG: Final = Reason(
    "AwsSolutions-S1",
    "The bucket holds bodies of webhooks that two functions write and read; every write is a row of the inbox. An "
    "account that needs a record of reads switches on CloudTrail's data events.",
)
NO_DROPS_LOG: Final = Reason(
    "AwsSolutions-S1",
    "Who fetches a channel's files is the distributor's own set-up, with the log of its transfer server; every write "
    "of ours is a delivery with its acknowledgement. CloudTrail's data events record reads where an account needs it.",
)
SIGNED_WEBHOOKS: Final = Reason(
    "AwsSolutions-APIG4",
    "A source cannot send a key of ours: the function authenticates each webhook by the signature over its raw body.",
)

PUBLIC_DESCRIPTIONS: Final = Reason(
    "AwsSolutions-APIG4",
    "What the API is like is for everybody to read; the function reaches no table and no secret.",
)


def drops(folder: str) -> Reason:
    """For the star behind a folder of the bucket of drops, of which only a configuration knows the name."""
    return Reason(
        f"AwsSolutions-IAM5[Resource::crossdock-prod-data:ExportsOutputFnGetAttDrops4D66B0FEArn083786BE/{folder}/*]",
        "A file is named after the hash of its content, which no deployment knows; the function may only put objects, "
        "and only into the folders of the channels that fetch files.",
    )


def acknowledge(construct: IConstruct, *reasons: Reason) -> None:
    """Records the reasons on the construct, for everything below it."""
    Validations.of(construct).acknowledge(*(Acknowledgment(id=r.rule, reason=r.why) for r in reasons))
