"""Who stands above a customer, and that nobody stands above himself.

A parent is said as the source's own id of it. It may be reported later than its child: then nothing is known above.
"""

from collections.abc import Container
from dataclasses import dataclass

from crossdock.identity.customer_rows import KIND, head_key
from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.writes import Check, When

DEEPEST = 50


@dataclass(frozen=True, slots=True)
class Above:
    """The way up from a customer, nearest first, by canonical ids; `circle`: it leads back to the customer.

    `checks` hold while nobody on the way changes: so two writers cannot close a circle between them.
    """

    way: tuple[str, ...]
    circle: bool
    checks: tuple[Check, ...]


def above(
    xrefs: CrossReferences,
    store: CustomerStore,
    customer: str,
    own: Container[tuple[str, str]],
    parent: tuple[str, str],
) -> Above:
    """Follows the parents up from `parent`, an id that a system gives; `own` are the customer's own ids. 2 RCU a step.

    A way of more than 50 steps counts as a circle.
    """
    way: list[str] = []
    checks: list[Check] = []
    step: tuple[str, str] | None = parent
    while step is not None and len(way) < DEEPEST:
        if step in own:
            return Above((*way, customer), circle=True, checks=())
        found = xrefs.references(KIND, [step], consistent=True).get(step)
        if found is None:
            return Above(tuple(way), circle=False, checks=tuple(checks))
        way.append(found.canonical)
        if found.canonical == customer or found.canonical in way[:-1]:
            return Above(tuple(way), circle=True, checks=())
        head = store.heads([found.canonical]).get(found.canonical)
        if head is None:
            break
        checks.append(Check(head_key(head.id), (When("n", "=", head.revision),)))
        stands = head.attributes.get("parent")
        step = (stands.system, str(stands.value)) if stands is not None and stands.value is not None else None
    return Above(tuple(way), circle=len(way) >= DEEPEST, checks=tuple(checks))
