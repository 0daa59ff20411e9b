"""What quoting a ledger found: how much is explained, by which level and how large a model; and what is not."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Any, Final

from tests.replay.prices.lines import ACCOUNT, Kind, money_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from tests.replay.prices.derive import Prices
    from tests.replay.prices.lines import Line
    from tests.replay.prices.periods import Period
    from tests.replay.prices.quoting import Answer

Missed = tuple["Line", "Answer", str]
"""A line, what it is quoted at, and why that is not what was asked."""
_RARE: Final = 3
_DIGITS: Final = 2
_STRENGTHS: Final = {4: "up to 4 sales", 9: "5 to 9", 49: "10 to 49", 10**9: "50 and more"}


def shares(lines: Sequence[Line], answers: Sequence[Answer]) -> dict[str, Any]:
    """Of these lines: how many, how many explained to the last digit, and by which level."""
    levels = Counter(a[0] for line, a in zip(lines, answers, strict=True) if a and a[1] == line.price)
    unpriced = sum(a is None for a in answers)
    explained = levels.total()
    return {
        "lines": len(lines),
        "explained": explained,
        "explained_percent": percent(explained, len(lines)),
        "other_price": len(lines) - explained - unpriced,
        "no_price": unpriced,
        "by_level": {level: {"lines": n, "percent": percent(n, len(lines))} for level, n in levels.most_common()},
    }


def size(prices: Prices, lines: int) -> dict[str, Any]:
    """How large the model is beside the ledger."""
    found = [period for groups in prices.groups.values() for periods in groups.values() for period in periods]
    return {
        "rules": len(found),
        "tiers": sum(len(period.tiers) for period in found),
        "rules_by_level": {level: sum(map(len, groups.values())) for level, groups in prices.groups.items()},
        "customers_in_segments": dict(Counter(prices.segments.values())),
        "lines_per_rule": round(lines / max(1, len(found)), 1),
    }


def by_rule_strength(prices: Prices, sales: Iterable[Line]) -> dict[str, int]:
    """Explained sales by how many of them their rule explains in all: what holds for few says little."""
    explained: Counter[int] = Counter()
    for line in sales:
        found = prices.found(line)
        if found and found[2] == line.price:
            explained[id(found[1])] += 1
    names = {number: f"rules that explain {text}" for number, text in enumerate(_STRENGTHS.values())}
    strengths: Counter[str] = Counter()
    for lines in explained.values():
        strengths[names[sum(lines > most for most in _STRENGTHS)]] += lines
    return {name: strengths[name] for name in names.values()}


def usual_price(taught: Iterable[Line], asked: Sequence[Line]) -> float:
    """The percentage that a far simpler model explains: each item's most often asked price, for everybody, always."""
    often: dict[str, Counter[int]] = defaultdict(Counter)
    for line in taught:
        often[line.item][line.price] += 1
    usual = {item: prices.most_common(1)[0][0] for item, prices in often.items()}
    return percent(sum(usual.get(line.item) == line.price for line in asked), len(asked))


def unexplained(found: Iterable[Missed]) -> dict[str, int]:
    """How many lines there are of each cause."""
    return dict(Counter(cause for _, _, cause in found).most_common())


def causes(prices: Prices, lines: Sequence[Line], answers: Sequence[Answer]) -> list[Missed]:
    """The lines whose asked price is not the quoted one, each with what stands out: the first cause that fits."""
    asked: dict[str, Counter[int]] = defaultdict(Counter)
    for line in lines:
        asked[line.item][line.price] += 1
    lists = _lists(prices)
    return [
        (line, answer, _kind(line, answer, asked[line.item], lists))
        for line, answer in zip(lines, answers, strict=True)
        if answer is None or answer[1] != line.price
    ]


def listed(found: Iterable[Missed]) -> Iterable[Sequence[str | int]]:
    """These lines as a table for a spreadsheet, by cause."""
    yield "cause", "invoice", "at", "item", "quantity", "customer", "region", "channel", "asked", "quoted", "level"
    for line, answer, cause in sorted(found, key=lambda f: f[2]):
        level, quoted = (answer[0], money_text(answer[1])) if answer else ("", "")
        about = (line.invoice, f"{line.at:%Y-%m-%dT%H:%M:%SZ}", line.item, line.quantity)
        yield cause, *about, line.customer, line.region, line.channel, money_text(line.price), quoted, level


def _kind(line: Line, answer: Answer, asked: Counter[int], lists: Mapping[tuple[str, str], Sequence[Period]]) -> str:
    own, base = lists[line.channel, line.item], lists[ACCOUNT, line.item]
    if line.is_service:
        return "services and lines by hand: their price is made up each time"
    if asked[line.price] < _RARE:
        return "a price asked for this item once or twice in the whole ledger"
    if answer is None:
        return "no list: the item was asked too rarely in this channel"
    if line.channel != ACCOUNT and any(line.price == p for period in base for _, p in period.tiers):
        return "shop or counter paid a price of the accounts' list"
    return _beside_its_list(line, own)


def _beside_its_list(line: Line, own: Sequence[Period]) -> str:
    now = {p: least for period in own if period.begin <= line.day < period.end for least, p in period.tiers}
    if line.price in now:
        early = line.quantity < now[line.price]
        return "a break's price below its quantity" if early else "the price without the break that was reached"
    if any(line.price == p for period in own for _, p in period.tiers):
        return "the list's price of another time"
    return "another price that was asked at least three times"


def _lists(prices: Prices) -> dict[tuple[str, str], list[Period]]:
    """The periods of each channel's list, by channel and item."""
    found: dict[tuple[str, str], list[Period]] = defaultdict(list)
    for name in ("base_list", "channel_list"):
        for (scope, item), periods in prices.groups[name].items():
            found[dict(scope).get("channels", ACCOUNT), item] += periods
    return found


def percent(part: int, whole: int) -> float:
    return round(100 * part / whole, _DIGITS) if whole else 0.0


def text(result: Mapping[str, Any]) -> list[str]:
    """The result for people."""
    model, fit, back, held, usual = (result[n] for n in ("model", "sales", "returns", "held_out", "usual_price"))
    levels = [f"  {level:<14}{n['lines']:>9,}  {n['percent']:>6} %" for level, n in fit["by_level"].items()]
    said = [
        f"{result['lines']:,} lines: {fit['lines']:,} sales, {back['lines']:,} returns, the others sold nothing.",
        f"Model: {model['rules']:,} rules with {model['tiers']:,} tiers, {model['lines_per_rule']} sales to a rule.",
        f"Explained to the last digit: {_share(fit)} of the sales,",
        *levels,
        f"and {_share(back)} of the returns; together {_share(result['all'])} of all lines.",
        f"Derived from even days alone: {_share(held['odd_days'])} of the odd days' sales,",
        f"and {_share(held['even_days'])} of the even days'.",
        f"Each item's most usual price, nothing else: {usual['sales']} % of the sales; held out {usual['held_out']} %.",
        "Explained sales by the strength of the rule:",
        *(f"{n:>9,}  {what}" for what, n in result["by_rule_strength"].items()),
        "Sales that are not explained:",
        *(f"{n:>9,}  {what}" for what, n in result["unexplained"].items()),
        f"{result['seconds']:,.0f} s, {result['us_per_line']:.0f} µs own CPU per quote.",
    ]
    if result["disagreements"]:
        return [*said, f"{result['disagreements']:,} answers differ from the derivation's own look-up: a fault."]
    return [*said, "Every answer equals the derivation's own look-up, price and level."]


def _share(found: Mapping[str, Any]) -> str:
    return f"{found['explained_percent']} % ({found['explained']:,} of {found['lines']:,})"


def by_kind(lines: Sequence[Line], answers: Sequence[Answer]) -> dict[Kind, tuple[list[Line], list[Answer]]]:
    """Lines and answers, apart for each kind of line."""
    apart: dict[Kind, tuple[list[Line], list[Answer]]] = {kind: ([], []) for kind in Kind}
    for line, answer in zip(lines, answers, strict=True):
        apart[line.kind][0].append(line)
        apart[line.kind][1].append(answer)
    return apart
