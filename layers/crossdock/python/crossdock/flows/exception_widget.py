"""The exceptions by impact as HTML for a CloudWatch dashboard, with buttons for a dry run and a replay.

CloudWatch shows what a Lambda function returns and lets no script of it run. Each `<cwdb-action>` belongs to the
element before it; a click calls the function again with what stands in it. Texts are escaped, and details
covered as `crossdock exceptions show` covers them; no payload is shown.

Source of the form: the CloudWatch user guide, "Details about custom widgets" and "Interactivity in the custom widget".
"""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from html import escape
from typing import Any, Final

from crossdock.exceptions.masking import covered_text
from crossdock.exceptions.model import Group, line

SHOWN: Final = 20
_SEPARATOR: Final = ", "
# Colours of the dashboard itself are kept: it has a light and a dark theme.
_STYLE: Final = (
    "<style>.xd{font-variant-numeric:tabular-nums}.xd td,.xd th{vertical-align:top}.xd .n{text-align:right}"
    ".xd small{opacity:.8}.xd p{margin:.4em 0}</style>"
)
DESCRIPTION: Final = f"""## Exceptions by impact

The {SHOWN} groups of refused facts that hold up most: overdue ones first, then by orders, money and facts.

* **Dry run** says what would become of a group's open facts; nothing is sent.
* **Replay** sends them back where they fell out, as they were corrected. It asks first, and needs a reason.

Parameters: none. Whoever may invoke this function may replay. CloudWatch does not say who it is, so the history names
`cloudwatch-widget` and the reason; CloudTrail's data events of the function know the person. Payloads are not shown:
`crossdock exceptions show`, or `crossdock console`.
"""


def weight(group: Group, now: str) -> tuple[object, ...]:
    """What sorts groups by impact: overdue first, then facts of orders, money, open facts, the oldest."""
    money = max(group.money.values(), default=Decimal(0))
    return not group.overdue(now), -group.order_facts, -money, -group.open, group.first_seen


def listing(groups: Sequence[Group], now: str, arn: str) -> str:
    """The list; `arn` is the function that its buttons call."""
    if not groups:
        return f"{_STYLE}<div class='xd'><p>No exception is open.</p></div>"
    rows = "".join(_row(group, now, arn) for group in groups[:SHOWN])
    more = f"<p><small>… and {len(groups) - SHOWN} more: crossdock exceptions list</small></p>"
    heads = "".join(
        f"<th class='{'n' if number else ''}'>{name}</th>"
        for name, number in (
            ("what is wrong", False), ("from", False), ("open", True), ("of orders", True), ("money", True),
            ("since", False), ("owner", False), ("due", False), ("", False),
        )
    )  # fmt: skip
    table = f"<table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table>"
    return f"{_STYLE}<div class='xd'>{table}{more if len(groups) > SHOWN else ''}</div>"


def dry_run(group: Group, run: str, found: Mapping[str, Any], arn: str) -> str:
    """What a dry run found, a field for the reason, and the button that sends. `found` has `facts`, `sendable`,
    `verdicts` (verdict → facts) and `stock` (place → change).
    """
    verdicts = "".join(f"<li>{count}: {_text(verdict)}</li>" for verdict, count in found["verdicts"].items())
    stock = "".join(f"<li>{_text(place)}: {_text(str(change))}</li>" for place, change in found["stock"].items())
    moved = f"<p>Stock on hand would change:</p><ul>{stock}</ul>" if stock else ""
    head = f"<p><b>{_text(group.kind)}</b> {_text(group.subject)}: {found['facts']} facts, nothing was sent</p>"
    if not found["sendable"]:
        return f"{_STYLE}<div class='xd'>{head}<ul>{verdicts}</ul></div>"
    ask = f"Send {found['sendable']} facts of {group.kind} again?"
    button = _button("Replay", {"action": "replay", "group": group.id, "run": run}, arn, ask)
    why = "<p><label>Why <input name='why' size='40' maxlength='200'></label></p>"
    return f"{_STYLE}<div class='xd'>{head}<ul>{verdicts}</ul>{moved}<form>{why}</form>{button}</div>"


def said(text: str, remedy: str = "") -> str:
    """One sentence, and what to do."""
    more = f"<p><small>{_text(remedy)}</small></p>" if remedy else ""
    return f"{_STYLE}<div class='xd'><p>{_text(text)}</p>{more}</div>"


def _row(group: Group, now: str, arn: str) -> str:
    money = _SEPARATOR.join(f"{amount:f} {currency}" for currency, amount in group.money.items())
    late = " <b>overdue</b>" if group.overdue(now) else ""
    due = f"{_text(group.due[:16])}Z{late}" if group.due else ""
    what = f"<b>{_text(group.kind)}</b> <small>({_text(group.failure)})</small><br>{_text(group.subject)}"
    detail = f"<br><small>{_text(covered_text(group.detail))}</small>"
    button = _button("Dry run", {"action": "preview", "group": group.id}, arn) if group.open else ""
    cells = (
        ("", what + detail), ("", _text(group.source)), ("n", str(group.open)), ("n", str(group.order_facts or "")),
        ("n", _text(money)), ("", f"{_text(group.first_seen[:16])}Z"), ("", _text(group.owner or "nobody")), ("", due),
        ("", button),
    )  # fmt: skip
    return f"<tr>{''.join(f'<td class={name!r}>{cell}</td>' for name, cell in cells)}</tr>"


def _button(text: str, event: Mapping[str, str], arn: str, confirmation: str = "") -> str:
    confirm = f' confirmation="{_text(confirmation)}"' if confirmation else ""
    action = f'<cwdb-action action="call" display="popup" endpoint="{_text(arn)}"{confirm}>'
    return f'<a class="btn">{_text(text)}</a>{action}{escape(json.dumps(event), quote=False)}</cwdb-action>'


def _text(text: str) -> str:
    return escape(line(text))
