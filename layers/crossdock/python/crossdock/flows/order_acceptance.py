"""Whether an order may be taken: by the customer as it stands at this moment, its credit, and the quote it names.

The golden record is read consistently, so a hold counts with the first check after it was applied. Amounts are exact
decimals in the currency of the limit; an amount in another one is refused, since nothing here knows a rate.

    credit_hold@company:uk   wins over credit_hold where the order names the company uk; so do limit, use and currency
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Final

from crossdock.contracts.customer_attributes import Value
from crossdock.contracts.customer_requests import OrderCheckRequest
from crossdock.contracts.quotes import QuoteVerification
from crossdock.flows.customer_access import Visible, no_such_customer, sight
from crossdock.flows.order_checks import OrderChecks
from crossdock.identity.customer_rows import KIND
from crossdock.identity.customer_store import CustomerStore
from crossdock.identity.customers import Customer, Judging
from crossdock.identity.xrefs import CrossReferences
from crossdock.platform.http import Partner

_STATES: Final[Mapping[str, tuple[str, str, str]]] = {
    "gone": ("customer-gone", "every system deleted the customer", "report it anew, or order as another"),
    "incomplete": (
        "customer-incomplete",
        "the customer is not complete",
        "have what is missing said; see its problems",
    ),
    "checking": ("customer-not-ready", "the customer is new and being compared with others", "ask again in a moment"),
    "review": (
        "customer-not-ready",
        "the customer may be another one, which somebody has to decide",
        "wait, or order as the other one",
    ),
}
_WRONG_CUSTOMER: Final = "wrong_customer"


@dataclass(frozen=True, slots=True)
class Reason:
    """Why an order is not accepted; `amounts` are limit, used, asked and their currency, where it is about credit."""

    code: str
    detail: str
    remedy: str
    amounts: Mapping[str, str] | None = None

    def document(self) -> dict[str, Any]:
        return {"code": self.code, "detail": self.detail, "remedy": self.remedy, **(self.amounts or {})}


def credit_reasons(
    values: Mapping[str, Value], amount: Decimal, currency: str, company: str | None, usual: str
) -> Iterator[Reason]:
    """What speaks against more credit, by a customer's attributes. Without a limit nothing is too much.

    `usual` is the currency of a limit whose own is not said.
    """

    def said(name: str) -> Value:
        scoped = values.get(f"{name}@company:{company}") if company is not None else None
        return values.get(name) if scoped is None else scoped

    if said("credit_hold") is True:
        reason = said("credit_hold_reason")
        detail = f"the customer is on credit hold: {reason}" if isinstance(reason, str) else "it is on credit hold"
        yield Reason("credit-hold", detail, "have the hold lifted, or let the customer pay in advance")
    limit = said("credit_limit")
    if not isinstance(limit, str):
        return
    known = said("credit_currency") or said("currency") or usual
    used = said("credit_used")
    used = used if isinstance(used, str) else "0"
    amounts = {"limit": limit, "used": used, "asked": f"{amount:f}", "currency": str(known)}
    if currency != known:
        detail = f"the credit limit is in {known}, the order in {currency}"
        yield Reason("other-currency", detail, f"ask in {known}: amounts are not converted", amounts)
    elif Decimal(used) + amount > Decimal(limit):
        detail = f"{used} of {limit} {known} is used; {amount:f} more is over the limit"
        yield Reason("over-credit-limit", detail, "order less, or have the limit raised", amounts)


class OrderAcceptance:
    """Accepts orders, or says why not; nothing is written.

    2 RCU by what a system calls the customer, 1 by our id (2 for a golden record above 4 KB): 1 more for each merge
    since, 0.5 for a partner who does not serve all, 0.5 for the customer's ids when the order names a quote.
    """

    def __init__(
        self, store: CustomerStore, xrefs: CrossReferences, judging: Judging, quotes: OrderChecks, usual: str
    ) -> None:
        self._store = store
        self._xrefs = xrefs
        self._judging = judging
        self._quotes = quotes
        self._usual = usual

    def check(self, asked: OrderCheckRequest, partner: Partner) -> dict[str, Any]:
        """The verdict. Raises a 404 problem for a customer that the partner may not see."""
        customer = self._customer(asked, partner)
        reasons = [Reason(*_STATES[customer.state])] if customer.state in _STATES else []
        reasons += credit_reasons(customer.values, asked.amount, asked.currency, asked.company, self._usual)
        if asked.quote is not None:
            reasons += self._about_quote(asked, customer, partner)
        return {
            "accepted": not reasons,
            "customer": customer.id,
            "version": customer.version,
            "state": customer.state,
            "reasons": [r.document() for r in reasons],
        }

    def _customer(self, asked: OrderCheckRequest, partner: Partner) -> Customer:
        visible = Visible(self._store, self._xrefs, sight(partner, self._judging.matrix))
        if asked.customer is not None:
            found = visible.head(asked.customer)
            named, field = asked.customer, "customer"
        else:
            external = (asked.system or "", asked.external or "")
            known = self._xrefs.references(KIND, [external], consistent=True).get(external)
            found = visible.head(known.canonical, [external]) if known else None
            named, field = external[1], "external"
        if found is None:
            raise no_such_customer(named, field)
        return found

    def _about_quote(self, asked: OrderCheckRequest, customer: Customer, partner: Partner) -> Iterable[Reason]:
        """What the quote's token says otherwise; who serves every customer may hold the tokens of other partners."""
        if asked.quote is None:
            return
        question = QuoteVerification(token=asked.quote.token, currency=asked.currency, lines=asked.quote.lines)
        verdict = self._quotes.check(question, partner=None if partner.serves_all else partner.name)
        for mismatch in verdict.mismatches:
            # A quote names its customer as prices do; whether that is this one is looked up below.
            if mismatch.code != _WRONG_CUSTOMER:
                code = f"quote-{mismatch.code.replace('_', '-')}"
                yield Reason(code, f"quote.{mismatch.field}: {mismatch.reason}", mismatch.remedy)
        if verdict.promise is not None and not self._is(customer, verdict.promise.customer, partner):
            detail = "the quote was made for another customer, or for nobody in particular"
            yield Reason("quote-wrong-customer", detail, "send the token of a quote for this customer")

    def _is(self, customer: Customer, name: str | None, partner: Partner) -> bool:
        """Whether prices call the customer so: by our id, its number, or its id in the system that numbers them."""
        number = customer.attributes.get("number")
        if name is not None and name in {customer.id, number.value if number else None}:
            return True
        numbering = sight(partner, self._judging.matrix).numbering
        return numbering is not None and any(
            r.external == name for r in self._xrefs.externals(KIND, customer.id, system=numbering)
        )
