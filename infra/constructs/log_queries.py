"""The saved questions to the functions' logs, in CloudWatch Logs Insights under crossdock/{stage}/."""

from aws_cdk import aws_logs as logs

from crossdock.contracts.log_queries import MOST_GROUPS, QUERIES
from infra.constructs.stack import StageStack


def save_log_queries(stack: StageStack) -> None:
    """One definition for each query, for every function's log group by its name: it depends on no other stack.

    Raises ValueError when there are more functions than one query can be asked of.
    """
    stage = stack.plan.stage
    folders = sorted(p.parent.name for p in stack.plan.functions.glob("*/handler.py"))
    groups = [f"/aws/lambda/{stage.function_name(name)}" for name in folders]
    if len(groups) > MOST_GROUPS:
        raise ValueError(
            f"{len(groups)} functions, but a saved query takes {MOST_GROUPS} log groups: split the queries"
        )
    for query in QUERIES:
        logs.CfnQueryDefinition(
            stack,
            "Query" + "".join(part.capitalize() for part in query.name.split("-")),
            name=f"crossdock/{stage.name}/{query.name}",
            query_string=query.text,
            log_group_names=groups,
        )
