"""docs/alarms.md and docs/runbooks/README.md, from the stories of the alarms and the service levels."""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

from crossdock.contracts.service_levels import DAYS, SERVICE_LEVELS, TIERS
from infra.constructs.alarm_stories import COMPOSITES, STORIES, Story

RUNBOOKS: Final[Mapping[str, str]] = {
    "channel-down": "a channel takes nothing, or is behind",
    "drift-storm": "two systems that should agree differ on many rows",
    "erp-down": "the ERP answers nothing: customers are not written to it, its own facts do not come",
    "exceptions": "the list of exceptions grows, or holds up money",
    "failover": "the region is down, for hours; no alarm of ours can ring then",
    "hot-item": "too many want one item at once",
    "key-rotation": "a key or secret is to be changed, or got into wrong hands",
    "late-prices": "a channel has not acknowledged prices in time",
    "oversold": "more units were held than there are",
    "replay": "facts failed, and are to go through again; dead letters lie",
    "restore": "a table was damaged, by a mistake of ours or a program",
    "rollback": "something got worse with a deployment",
    "stuck-source": "a source is silent, refused, or repeats itself",
    "throttling": "our store, our functions or a partner get less than they ask for",
}
_NAMES: Final = {
    name: name.upper()
    for name in (
        "warehouse",
        "source",
        "price_class",
        "channel",
        "domain",
        "kind",
        "queue",
        "function",
        "table",
        "verb",
    )
} | {"currency": "CURRENCY", "amount": "AMOUNT", "seconds": "N"}
_ALARMS: Final = """# Alarms

Each alarm names a symptom, what it costs the business, the runbook, and the first command. `make schemas` writes this
page from `infra/constructs/alarm_stories.py` and `crossdock.contracts.service_levels`; the numbers from which on they
ring are the stage's (`[alarms]` and `late_after_seconds` in `config/*.toml`).

| priority | topic | what it means |
| --- | --- | --- |
| P1 | `crossdock-<stage>-page` | wakes somebody: customers are promised or charged what is not so, or facts are lost |
| P2 | `crossdock-<stage>-ticket` | today: something is late, and money waits |
| P3 | `crossdock-<stage>-note` | this week |

`--context alarm_email=…` subscribes an address to all three, `--context page_url=https://…` a pager to the first, and
`--context runbooks=https://…` is where this repository can be read, so that each message links its runbook.

Late prices of a strategic class are P1, failures of a function that nobody has felt yet P3: what it costs decides, not
how loud it is.

## One message for one trouble

An alarm that is *told by* another has no action of its own in the cloud. That one, a composite, rings once while any of
its parts does. While `store-trouble` rings, and five minutes longer, those of channels, sources and late work are kept
quiet: they follow from it (and wait two minutes for it to be known). The local engine knows neither composites nor
metric maths; there each alarm stands for itself.

| alarm | priority | symptom | runbook | told by |
| --- | --- | --- | --- | --- |
"""
_LEVELS: Final = f"""
## Service levels

A budget is what may be bad within {DAYS} days. In the cloud three pairs of alarms watch each: a long window says
that it matters, a short one that it has not stopped; both must burn at the rate. (B. Beyer et al., *The Site
Reliability Workbook*, 2018, chapter 5: burn rate = share of the budget × {DAYS} days ÷ window.)

| speed | share of the budget | long window | short window | burn rate | priority |
| --- | ---: | ---: | ---: | ---: | --- |
"""
_PROMISES: Final = f"""
| service level | aim | budget in {DAYS} days | rings at (fast / slow / drip) | runbook |
| --- | ---: | ---: | ---: | --- |
"""
_COSTS: Final = """
The budget is in minutes of everything being bad at once. Fewer than five bad ones within the long window ring nobody:
at night one of ten is ten percent. Times are counted a batch (`FactLag`) or a delivery (`DeliveryLag`), the oldest of
each. A channel is P2 at most, as its being down is.

An alarm on a metric costs $0.10 a month, a composite $0.50, one by metric maths $0.10 for each metric that it reads: a
service level costs $2.70 a month, the one of deliveries so much for each channel.
"""
_INDEX: Final = """# Runbooks

What to do when an alarm rings. Each page has the symptom, what it costs, a look that confirms it, the steps (commands
that run as they stand, with the placeholders that the page declares), how one knows that it is over, when to call
somebody, and what not to do. A test follows the commands on the local engine. In the cloud, write the stage first:
`crossdock --stage prod …`, or set `CROSSDOCK_STAGE`.

Several alarms at once? `store-trouble` first: the others mostly follow from it. Then P1, then by money:
`crossdock exceptions list --sort money`.

| runbook | when |
| --- | --- |
"""
_BY_ALARM: Final = """
| alarm | runbook | priority |
| --- | --- | --- |
"""


def alarms_page() -> str:
    """docs/alarms.md."""
    lines = [_ALARMS.rstrip("\n")]
    for kind, story in _all():
        within = f"`{_shown(story.within)}`" if story.within else ""
        text = _shown(story.symptom)
        lines.append(f"| `{kind}` | {story.priority} | {text} | {_link(story, 'runbooks/')} | {within} |")
    lines.append(_LEVELS.rstrip("\n"))
    lines += [
        f"| {t.name} | {_percent(t.share * 100)} | {_span(t.long)} | {_span(t.short)} | {_number(t.burn_rate)} "
        f"| {t.priority} |"
        for t in TIERS
    ]
    lines.append(_PROMISES.rstrip("\n"))
    for level in SERVICE_LEVELS:
        rings = " / ".join(_percent(level.threshold(t)) for t in TIERS)
        book = f"[{level.runbook}](runbooks/{level.runbook}.md)"
        aim, budget = _percent(level.target), f"{_number(level.minutes_of_budget)} min"
        lines.append(f"| `slo-{level.name}`: {level.title} | {aim} | {budget} | {rings} | {book} |")
    return "\n".join(lines) + "\n" + _COSTS


def index_page() -> str:
    """docs/runbooks/README.md."""
    lines = [_INDEX.rstrip("\n")]
    lines += [f"| [{slug}]({slug}.md) | {when} |" for slug, when in RUNBOOKS.items()]
    lines.append(_BY_ALARM.rstrip("\n"))
    lines += [f"| `{kind}` | {_link(story)} | {story.priority} |" for kind, story in _all()]
    lines += [
        f"| `slo-{level.name}` | [{level.runbook}]({level.runbook}.md) "
        f"| {' / '.join(level.priority(t) for t in TIERS)} |"
        for level in SERVICE_LEVELS
    ]
    return "\n".join(lines) + "\n"


def _all() -> Iterator[tuple[str, Story]]:
    """Composites first: they are what rings."""
    for name, story in COMPOSITES.items():
        yield _shown(name), story
    yield from STORIES.items()


def _shown(text: str) -> str:
    return text.format(**_NAMES)


def _link(story: Story, folder: str = "") -> str:
    erp = f", of an ERP [erp-down]({folder}erp-down.md)" if story.runbook == "channel-down" else ""
    return f"[{story.runbook}]({folder}{story.runbook}.md){erp}"


def _percent(value: Fraction) -> str:
    return f"{_number(value)} %"


def _number(value: Fraction) -> str:
    return f"{float(value):.4g}"


def _span(minutes: int) -> str:
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} min"
