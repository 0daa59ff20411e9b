"""A queue, its dead letters, and the alarms on both."""

from typing import Any, Final

from aws_cdk import Duration, Tags
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from infra.constructs.alarm_stories import STORIES, Story
from infra.constructs.alarms import Watch, alarm, told
from infra.constructs.domains import TAG, domain_of
from infra.constructs.stack import StageStack, stack_of

DEAD_LETTER_RETENTION: Final = Duration.days(14)
# A queue takes 1 MB unless told otherwise. Whatever comes has to fit into one item of the exceptions table, 400 KB.
MESSAGE_BYTES: Final = 262_144
# How long SQS uses a data key before it asks KMS for another: each asking is paid for, and the longest is a day.
DATA_KEY_REUSE: Final = Duration.hours(1)


def encrypted(stack: StageStack) -> dict[str, Any]:
    """How a queue of this stack is encrypted: with the stage's key, or by SQS itself where there is none."""
    if stack.encryption_key is None:
        return {"encryption": sqs.QueueEncryption.SQS_MANAGED}
    return {
        "encryption": sqs.QueueEncryption.KMS,
        "encryption_master_key": stack.encryption_key,
        "data_key_reuse": DATA_KEY_REUSE,
    }


class DeadLetters(Construct):
    """Where what could not be done lies for 14 days; `collect_dead_letters` makes exceptions of it within seconds.

    So the alarm on its depth means that the collector itself is in trouble, not that one message failed.
    """

    def __init__(self, scope: Construct, construct_id: str, name: str) -> None:
        super().__init__(scope, construct_id)
        Tags.of(self).add(TAG, domain_of(name))
        stage = stack_of(self).plan.stage
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=stage.named(name),
            retention_period=DEAD_LETTER_RETENTION,
            visibility_timeout=Duration.seconds(stage.visibility_seconds),
            max_message_size_bytes=MESSAGE_BYTES,
            **encrypted(stack_of(self)),
            enforce_ssl=True,
        )
        alarm(
            self,
            f"{name}-depth",
            "dead-letters",
            Watch("AWS/SQS", "ApproximateNumberOfMessagesVisible", {"QueueName": stage.named(name)}, "Maximum", 1),
            queue=name,
        )


class Queue(Construct):
    """A queue of work: TLS only, encrypted, never a message lost.

    A message is tried `max_receives` times, then lies in `{name}-dlq`. The alarm rings when the oldest one waits
    `late_after_seconds`, with the story `late`.
    """

    def __init__(
        self, scope: Construct, name: str, *, max_receives: int, late_after_seconds: int, late: Story | None = None
    ) -> None:
        super().__init__(scope, "".join(part.capitalize() for part in name.replace("_", "-").split("-")))
        Tags.of(self).add(TAG, domain_of(name))
        stage = stack_of(self).plan.stage
        self.name = name
        self.dead_letters = DeadLetters(self, "DeadLetters", f"{name}-dlq")
        self.queue = sqs.Queue(
            self,
            "Queue",
            queue_name=stage.named(name),
            retention_period=Duration.days(14),
            visibility_timeout=Duration.seconds(stage.visibility_seconds),
            max_message_size_bytes=MESSAGE_BYTES,
            **encrypted(stack_of(self)),
            enforce_ssl=True,
            dead_letter_queue=sqs.DeadLetterQueue(queue=self.dead_letters.queue, max_receive_count=max_receives),
        )
        told(
            self,
            f"{name}-age",
            late or STORIES["queue-late"].of(queue=name, seconds=str(late_after_seconds)),
            Watch(
                "AWS/SQS",
                "ApproximateAgeOfOldestMessage",
                {"QueueName": stage.named(name)},
                "Maximum",
                late_after_seconds,
            ),
        )
