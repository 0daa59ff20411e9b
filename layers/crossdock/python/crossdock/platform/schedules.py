"""One-time schedules: a message on a queue at an instant."""

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from crossdock.platform.queues import dumps

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mypy_boto3_scheduler import EventBridgeSchedulerClient

FURTHEST = timedelta(days=365)
"""No schedule is made further ahead; who needs one asks again by then, or looks for what is due."""


class Schedules:
    """Schedules of one group, all with the same queue for a target; each goes when it has done its work."""

    def __init__(self, client: "EventBridgeSchedulerClient", group: str, queue_arn: str, role_arn: str) -> None:
        self._client = client
        self._group = group
        self._queue_arn = queue_arn
        self._role_arn = role_arn

    def once(self, instant: datetime, message: "Mapping[str, object]") -> None:
        """Has the message sent in the second after the instant (UTC). One for each second: a second call does nothing.

        Raises the client's error, but for a schedule that is there already.
        """
        second = instant.replace(microsecond=0) + timedelta(seconds=1)
        try:
            self._client.create_schedule(
                GroupName=self._group,
                Name=f"at-{second:%Y%m%dT%H%M%S}",
                ScheduleExpression=f"at({second:%Y-%m-%dT%H:%M:%S})",
                ScheduleExpressionTimezone="UTC",
                FlexibleTimeWindow={"Mode": "OFF"},
                ActionAfterCompletion="DELETE",
                Target={"Arn": self._queue_arn, "RoleArn": self._role_arn, "Input": dumps(message)},
            )
        except self._client.exceptions.ConflictException:
            return
