"""How a new version takes over: a part of the calls first, all of them when no alarm rang, back again when one did.

One CodeDeploy application a stack, one deployment group a function. CloudFormation publishes a version and asks
CodeDeploy to move the function's alias to it; when an alarm rings meanwhile, CodeDeploy moves the alias back and
CloudFormation takes the whole stack back. All functions of a stack shift at the same time, for the same time.
"""

from collections.abc import Mapping, Sequence
from typing import Final

from aws_cdk import CfnCodeDeployLambdaAliasUpdate, CfnUpdatePolicy, Duration, Stack
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_codedeploy as codedeploy
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from infra.constructs.acknowledged import ALARM_STATES, acknowledge
from infra.stages import AT_ONCE, Stage

LIVE: Final = "live"
# What customers and operators would see of a bad version, by stack: alarms that stand elsewhere, by their own names.
# With a function's own two, CodeDeploy takes no more than ten.
SYMPTOMS: Final[Mapping[str, Sequence[str]]] = {
    "sync": (
        *("failures-depth", "movements-age", "movements-dlq-depth", "project-balances-lag", "holds-expire-late"),
        "oversold",
    ),
    "api": ("api-5xx", "api-slow", "oversold"),
    "operations": (),
}
_TURNED_BACK: Final = codedeploy.CfnDeploymentGroup.AutoRollbackConfigurationProperty(
    enabled=True, events=["DEPLOYMENT_FAILURE", "DEPLOYMENT_STOP_ON_ALARM", "DEPLOYMENT_STOP_ON_REQUEST"]
)
# One call that fails is not yet the version's fault; minutes in which calls fail are.
_LOOKS: Final = 3
_BAD_LOOKS: Final = 2


class Rollout(Construct):
    """A stack's application and the role CodeDeploy works with: it may move these functions' aliases and see alarms."""

    def __init__(self, stack: Stack, stage: Stage, part: str) -> None:
        super().__init__(stack, "Rollout")
        self._stack = stack
        self._stage = stage
        self._shift = stage.shifts.get(part, AT_ONCE)
        self._symptoms = [stage.named(name) for name in SYMPTOMS.get(part, ())]
        self._application = codedeploy.CfnApplication(
            self, "Application", application_name=stage.named(part), compute_platform="Lambda"
        )
        self._role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                "codedeploy.amazonaws.com", conditions={"StringEquals": {"aws:SourceAccount": stack.account}}
            ),
        )
        if self._gradual:
            self._role.add_to_policy(iam.PolicyStatement(actions=["cloudwatch:DescribeAlarms"], resources=["*"]))
            acknowledge(self._role, ALARM_STATES)

    @property
    def _gradual(self) -> bool:
        return self._shift != AT_ONCE

    def shift(
        self, scope: Construct, function: lambda_.Function, name: str, timeout_seconds: int | None
    ) -> lambda_.Alias:
        """The alias `live` of the function with this physical name, moved by CodeDeploy from now on.

        With a timeout, a version that comes near it is as bad as one that fails: somebody waits for the answer.
        """
        alias = function.add_alias(LIVE)
        # Written out, not referred to: the alias waits for its group, so the group must not wait for the alias.
        arns = [
            self._stack.format_arn(service="lambda", resource=f"function:{own}") for own in (name, f"{name}:{LIVE}")
        ]
        actions = ["lambda:GetAlias", "lambda:UpdateAlias", "lambda:GetProvisionedConcurrencyConfig"]
        self._role.add_to_policy(iam.PolicyStatement(actions=actions, resources=arns))
        group = codedeploy.CfnDeploymentGroup(
            scope,
            "Shift",
            application_name=self._application.ref,
            deployment_group_name=name,
            service_role_arn=self._role.role_arn,
            deployment_config_name=self._shift,
            deployment_style=codedeploy.CfnDeploymentGroup.DeploymentStyleProperty(
                deployment_type="BLUE_GREEN", deployment_option="WITH_TRAFFIC_CONTROL"
            ),
            alarm_configuration=self._alarms(scope, name, timeout_seconds) if self._gradual else None,
            auto_rollback_configuration=_TURNED_BACK if self._gradual else None,
        )
        group.node.add_dependency(self._role)
        made = alias.node.default_child
        assert isinstance(made, lambda_.CfnAlias)  # noqa: S101 - what the CDK makes an alias of
        made.cfn_options.update_policy = CfnUpdatePolicy(
            code_deploy_lambda_alias_update=CfnCodeDeployLambdaAliasUpdate(
                application_name=self._application.ref, deployment_group_name=group.ref
            )
        )
        made.add_resource_dependency(group)
        return alias

    def _alarms(
        self, scope: Construct, name: str, timeout_seconds: int | None
    ) -> codedeploy.CfnDeploymentGroup.AlarmConfigurationProperty:
        """Which alarms turn a shift back; it is turned back as well when CodeDeploy cannot see them."""
        group = codedeploy.CfnDeploymentGroup
        own = [_release_alarm(scope, name, "errors", "Errors", "Sum", 1)]
        if timeout_seconds is not None:
            own.append(_release_alarm(scope, name, "slow", "Duration", "p99", timeout_seconds * 500))
        return group.AlarmConfigurationProperty(
            enabled=True,
            ignore_poll_alarm_failure=False,
            alarms=[group.AlarmProperty(name=alarm) for alarm in (*own, *self._symptoms)],
        )


def _release_alarm(scope: Construct, name: str, label: str, metric: str, statistic: str, threshold: int) -> str:
    """An alarm on the alias that no person is woken by: whoever deploys sees the deployment turned back."""
    made = f"{name}-release-{label}"
    cloudwatch.Alarm(
        scope,
        f"Release{label.capitalize()}",
        alarm_name=made,
        alarm_description="Turns back the shift to a new version; rings nobody.",
        metric=cloudwatch.Metric(
            namespace="AWS/Lambda",
            metric_name=metric,
            dimensions_map={"FunctionName": name, "Resource": f"{name}:{LIVE}"},
            statistic=statistic,
            period=Duration.minutes(1),
        ),
        threshold=threshold,
        evaluation_periods=_LOOKS,
        datapoints_to_alarm=_BAD_LOOKS,
        comparison_operator=cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
        treat_missing_data=cloudwatch.TreatMissingData.NOT_BREACHING,
    )
    return made
