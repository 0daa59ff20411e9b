"""What each alarm says to whom it wakes: the symptom, its cost for the business, the runbook, the first command.

Plain data, no CDK: the drill and the tests read it too. `docs/alarms.md` is the same as a table (infra/documents).

Priorities are the business's, not the machine's. P1 wakes somebody: customers are promised or charged what is not so,
or what others send us is lost. P2 is for today: something is late, and money waits. P3 is for this week.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Literal

Priority = Literal["P1", "P2", "P3"]
RUNBOOKS: Final = "docs/runbooks"
_COSTS: Final = "Costs: "
_RUNBOOK: Final = "Runbook: "
_FIRST: Final = "First: "


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """One kind of alarm. Texts may hold names in braces; `first` is a command without `crossdock --stage …`.

    `within` names the composite alarm that tells of it in the cloud: a storm is one message. None: it tells of
    itself.
    """

    priority: Priority
    symptom: str
    cost: str
    runbook: str
    first: str
    within: str | None = None

    def of(self, **names: str) -> "Story":
        """The story of one channel, source, queue, …"""
        return replace(
            self,
            symptom=self.symptom.format(**names),
            cost=self.cost.format(**names),
            first=self.first.format(**names),
            within=self.within.format(**names) if self.within else None,
        )

    def text(self, stage: str, base: str = "") -> str:
        """The alarm's description. `base` is where the repository can be read; without it the runbook is a path."""
        page = f"{RUNBOOKS}/{self.runbook}.md"
        link = f"{base.rstrip('/')}/{page}" if base else page
        return "\n".join(
            [
                f"{self.priority} · {self.symptom}",
                f"{_COSTS}{self.cost}",
                f"{_RUNBOOK}{link}",
                f"{_FIRST}crossdock --stage {stage} {self.first}",
            ]
        )


@dataclass(frozen=True, slots=True)
class Told:
    """What an alarm's description says, read back."""

    priority: str
    symptom: str
    cost: str
    runbook: str
    first: str


def read(description: str) -> Told:
    """The parts of a description that `Story.text` wrote. Raises ValueError for another one."""
    lines = description.split("\n")
    if len(lines) != 4:  # noqa: PLR2004 - as many as text() writes
        raise ValueError(f"no description of ours: {description!r}")
    priority, _, symptom = lines[0].partition(" · ")
    cost, page, first = (
        line.removeprefix(label) for line, label in zip(lines[1:], (_COSTS, _RUNBOOK, _FIRST), strict=True)
    )
    return Told(priority, symptom, cost, page.rsplit("/", 1)[-1].removesuffix(".md"), first)


CHANNEL: Final = "channel-{channel}-trouble"
SOURCE: Final = "source-{source}-trouble"
STORE: Final = "store-trouble"
WORK: Final = "work-late"
FAILING: Final = "functions-failing"
EXCEPTIONS: Final = "exceptions-pile-up"
LETTERS: Final = "dead-letters-lie"

STORIES: Final[Mapping[str, Story]] = {
    # -- stock ----------------------------------------------------------------------------------------------------
    "oversold": Story(
        priority="P1",
        symptom="More units were held than there are.",
        cost="an order is promised that cannot be delivered; each more makes it worse",
        runbook="oversold",
        first="exceptions list --sort money",
    ),
    "holds-expire-late": Story(
        priority="P2",
        symptom="Holds end a minute late or more.",
        cost="stock that is free is not sold",
        runbook="throttling",
        first="exceptions list --kind dead_letter",
        within=WORK,
    ),
    "warehouse-silent": Story(
        priority="P2",
        symptom="Nothing moves in {warehouse} although it usually would.",
        cost="what the channels show of its stock may be wrong, more so by the hour",
        runbook="stuck-source",
        first="sources test {source}",
        within=SOURCE,
    ),
    # -- prices ---------------------------------------------------------------------------------------------------
    "strategic-prices-late": Story(
        priority="P1",
        symptom="A channel has not acknowledged prices of the strategic class {price_class} in time.",
        cost="the customers who matter most see, and buy at, prices that we did not decide on",
        runbook="late-prices",
        first="channels status",
    ),
    "prices-late": Story(
        priority="P3",
        symptom="A channel has not acknowledged prices of the class {price_class} in time.",
        cost="its customers see prices that we did not decide on",
        runbook="late-prices",
        first="channels status",
    ),
    "prices-wrong": Story(
        priority="P2",
        symptom="{channel} shows prices that are not the authority's.",
        cost="its customers buy at prices that we did not decide on",
        runbook="drift-storm",
        first="reconcile channel {channel} --kind price",
        within=CHANNEL,
    ),
    # -- what comes in --------------------------------------------------------------------------------------------
    "inbox-refusing": Story(
        priority="P1",
        symptom="Webhooks are answered with 5xx: the inbox takes nothing.",
        cost="sources send again for hours or days only; what they give up on then is lost",
        runbook="throttling",
        first="exceptions list --class transient",
    ),
    "source-silent": Story(
        priority="P2",
        symptom="{source} sends nothing.",
        cost="what it knows does not reach the channels: is its subscription still there?",
        runbook="stuck-source",
        first="sources test {source}",
        within=SOURCE,
    ),
    "source-subscription-ends": Story(
        priority="P2",
        symptom="A subscription of {source} ends within a day.",
        cost="nothing of it comes any more after that",
        runbook="stuck-source",
        first="sources test {source}",
        within=SOURCE,
    ),
    "source-refused": Story(
        priority="P2",
        symptom="Webhooks of {source} are refused: forged, too old, or its secret is wrong.",
        cost="nothing if they are forged; if its secret is wrong, all that it sends",
        runbook="stuck-source",
        first="sources test {source}",
        within=SOURCE,
    ),
    "source-unmapped": Story(
        priority="P2",
        symptom="Deliveries of {source} cannot be translated.",
        cost="what they say waits among the exceptions",
        runbook="exceptions",
        first="exceptions list --source {source}",
        within=SOURCE,
    ),
    "source-slow": Story(
        priority="P2",
        symptom="{source} waits three seconds or more for its answer.",
        cost="vendors give up after 3 to 10 seconds, and switch a subscription off that fails too often",
        runbook="throttling",
        first="sources test {source}",
        within=SOURCE,
    ),
    "facts-refused": Story(
        priority="P2",
        symptom="Many facts of {domain} are refused at once.",
        cost="stock, prices or customers stay as they were until they are mended and replayed",
        runbook="exceptions",
        first="exceptions list --sort money",
        within=EXCEPTIONS,
    ),
    "facts-repeated": Story(
        priority="P3",
        symptom="Many {domain} came that we had already.",
        cost="nothing changes by them, but each is paid for: somebody does not hear our answers",
        runbook="stuck-source",
        first="sources list",
    ),
    "partners-limited": Story(
        priority="P3",
        symptom="Partners are answered 429 again and again.",
        cost="they are served late; their limit, or their program, is wrong",
        runbook="throttling",
        first="partners list",
    ),
    # -- what goes out --------------------------------------------------------------------------------------------
    "channel-down": Story(
        priority="P2",
        symptom="{channel} takes no deliveries; what it is to be told is parked.",
        cost="it sells what is not there any more, at prices of when it went down",
        runbook="channel-down",
        first="channels status {channel}",
        within=CHANNEL,
    ),
    "channel-behind": Story(
        priority="P2",
        symptom="{channel} has not heard of its oldest change for too long.",
        cost="it may sell what is not there any more",
        runbook="channel-down",
        first="channels status {channel}",
        within=CHANNEL,
    ),
    "channel-rejects": Story(
        priority="P3",
        symptom="{channel} rejects values.",
        cost="the items concerned stay there as they were",
        runbook="exceptions",
        first="exceptions list --source {channel}",
        within=CHANNEL,
    ),
    "channel-queue-late": Story(
        priority="P2",
        symptom="The oldest message for {channel} waits for {seconds} s.",
        cost="it may sell what is not there any more",
        runbook="channel-down",
        first="channels status {channel}",
        within=CHANNEL,
    ),
    # -- exceptions -----------------------------------------------------------------------------------------------
    "exceptions-poison": Story(
        priority="P2",
        symptom="Something came that could not even be read.",
        cost="whatever it said is known to nobody; a sender is broken, or an attack was tried",
        runbook="exceptions",
        first="exceptions list --class poison",
        within=EXCEPTIONS,
    ),
    "exceptions-destination-down": Story(
        priority="P2",
        symptom="Facts wait for a system that does not answer.",
        cost="that system works with what was true when it stopped",
        runbook="channel-down",
        first="exceptions list --class destination_down",
        within=EXCEPTIONS,
    ),
    "exceptions-overdue": Story(
        priority="P2",
        symptom="Exceptions are not settled although their due time has passed.",
        cost="orders and prices wait longer than was agreed",
        runbook="exceptions",
        first="exceptions list --overdue --sort due",
        within=EXCEPTIONS,
    ),
    "money-held-up": Story(
        priority="P2",
        symptom="Exceptions hold up {amount} {currency} or more.",
        cost="that much, until they are settled",
        runbook="exceptions",
        first="exceptions list --sort money",
        within=EXCEPTIONS,
    ),
    "dead-letters": Story(
        priority="P1",
        symptom="Dead letters lie in {queue} and are not collected.",
        cost="facts that nobody sees: after 14 days they are gone",
        runbook="replay",
        first="exceptions list --kind dead_letter",
        within=LETTERS,
    ),
    # -- agreement ------------------------------------------------------------------------------------------------
    "drift": Story(
        priority="P2",
        symptom="Systems that should agree differ on many rows: {kind}.",
        cost="somebody sells, counts or charges by the wrong one",
        runbook="drift-storm",
        first="exceptions list --class permanent",
    ),
    # -- the machine ----------------------------------------------------------------------------------------------
    "queue-late": Story(
        priority="P2",
        symptom="The oldest message in {queue} waits for {seconds} s: its consumer fails or is too slow.",
        cost="what was accepted is not true for anybody yet",
        runbook="throttling",
        first="exceptions list --class transient",
        within=WORK,
    ),
    "stream-late": Story(
        priority="P2",
        symptom="{function} is {seconds} s behind its stream: it fails and retries, or it is too slow.",
        cost="stock, prices or customers reach the channels late",
        runbook="throttling",
        first="exceptions list --class transient",
        within=WORK,
    ),
    "inbox-fails": Story(
        priority="P1",
        symptom="{function} fails: what is sent to us is not taken.",
        cost="senders send again for hours or days only; what they give up on then is lost",
        runbook="throttling",
        first="exceptions list --class transient",
    ),
    "function-fails": Story(
        priority="P3",
        symptom="{function} fails. Its log group says why.",
        cost="what it works on waits, and is an exception if it does not get better",
        runbook="replay",
        first="exceptions list --class transient",
        within=FAILING,
    ),
    "function-throttled": Story(
        priority="P2",
        symptom="{function} is refused capacity: the account's concurrency is used up.",
        cost="what it works on waits",
        runbook="throttling",
        first="exceptions list --class transient",
        within=STORE,
    ),
    "table-throttled": Story(
        priority="P2",
        symptom="The table {table} refuses {verb}: more is asked of it than it gives.",
        cost="everything that needs it is late, and the inbox refuses",
        runbook="throttling",
        first="exceptions list --class transient",
        within=STORE,
    ),
    "stock-throttled": Story(
        priority="P2",
        symptom="The table {table} refuses {verb}: too many want one item at once.",
        cost="reservations of that item are slow or refused while it sells best",
        runbook="hot-item",
        first="inventory hot list",
        within=STORE,
    ),
    "api-5xx": Story(
        priority="P2",
        symptom="The API answers with 5xx.",
        cost="partners send again, and must",
        runbook="throttling",
        first="exceptions list --class transient",
        within=STORE,
    ),
    "api-slow": Story(
        priority="P3",
        symptom="One request in a hundred takes three seconds or more.",
        cost="shops wait for stock and prices at their checkout",
        runbook="throttling",
        first="inventory hot list",
        within=STORE,
    ),
}

COMPOSITES: Final[Mapping[str, Story]] = {
    CHANNEL: Story(
        priority="P2",
        symptom="{channel} is in trouble: down, behind, rejecting, or showing what is wrong.",
        cost="it sells what is not there any more, at prices that are not ours",
        runbook="channel-down",
        first="channels status {channel}",
    ),
    SOURCE: Story(
        priority="P2",
        symptom="{source} is in trouble: silent, refused, or not understood.",
        cost="what it knows does not reach the channels",
        runbook="stuck-source",
        first="sources test {source}",
    ),
    STORE: Story(
        priority="P1",
        symptom="Our store or our functions are refused capacity.",
        cost="everything is late, and the inbox may refuse; what else rings now is likely to follow from it",
        runbook="throttling",
        first="exceptions list --class transient",
    ),
    WORK: Story(
        priority="P2",
        symptom="What was accepted is applied late.",
        cost="stock, prices and customers reach the channels late",
        runbook="throttling",
        first="exceptions list --class transient",
    ),
    FAILING: Story(
        priority="P3",
        symptom="Functions fail. Their log groups say why.",
        cost="what they work on waits, and is an exception if it does not get better",
        runbook="replay",
        first="exceptions list --class transient",
    ),
    EXCEPTIONS: Story(
        priority="P2",
        symptom="Exceptions pile up: unreadable, overdue, costly, or many at once.",
        cost="orders, prices and money wait for somebody to mend them",
        runbook="exceptions",
        first="exceptions list --sort money",
    ),
    LETTERS: Story(
        priority="P1",
        symptom="Dead letters are not collected.",
        cost="facts that nobody sees: after 14 days they are gone",
        runbook="replay",
        first="exceptions list --kind dead_letter",
    ),
}
