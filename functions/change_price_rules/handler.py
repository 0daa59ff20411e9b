"""/v1/price-rules: partners propose price rules, approve drafts, and look at what is kept."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from crossdock import config
from crossdock.contracts.names import RULE
from crossdock.contracts.price_changes import PriceApprovals, PriceRuleBatch
from crossdock.contracts.prices import PriceRule
from crossdock.flows.price_changes import PriceChanges, UnapprovableError
from crossdock.flows.price_rule_answers import refusal, undecided, verdict_document, version_document
from crossdock.identity.references import References
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.dynamo import Table
from crossdock.platform.http import Partner, Request, Response, serve
from crossdock.platform.logs import passed
from crossdock.platform.problems import FieldError, Problem, from_validation
from crossdock.platform.startup import warm
from crossdock.pricing.foreseeing import Foreseeing
from crossdock.pricing.store import PricingStore

M = TypeVar("M", bound=BaseModel)
WRITE, APPROVE = "prices:write", "prices:approve"


@dataclass(frozen=True, slots=True)
class Env:
    identity_table: str
    pricing_table: str


@dataclass(frozen=True, slots=True)
class App:
    changes: PriceChanges
    store: PricingStore
    business: config.BusinessConfig


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    pricing = Table(client, values.pricing_table)
    store = PricingStore(pricing, system_clock)
    references = References(Table(client, values.identity_table))
    foreseeing = Foreseeing(pricing, system_clock)
    return App(PriceChanges(store, foreseeing, references.skus, system_clock, business.time_zone), store, business)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, answer, max_body_bytes=app().business.limits.body_bytes)


def answer(request: Request) -> Response:
    return _ROUTES[request.route](request, request.caller())


def propose(request: Request, partner: Partner) -> Response:
    """201 when every rule is kept; a refused request leaves nothing behind, and the same one may be sent again."""
    partner.require(WRITE)
    batch = _read(PriceRuleBatch, request.body)
    rules = [r if "status" in r.model_fields_set else r.model_copy(update={"status": "draft"}) for r in batch.rules]
    _check_in_force(partner, rules)
    source = partner.source(batch.source)
    offers = app().changes.preview(source, rules)
    names = [(r.rule_id, r.version) for r in rules]
    if problem := refusal(names, [o.verdict for o in offers], stored=False):
        raise problem
    verdicts = app().changes.keep(offers, source, partner.name, request.correlation_id)
    if problem := refusal(names, verdicts, stored=True):
        raise problem
    passed("kept", "price rules", [request.correlation_id], partner=partner.name, source=source, rules=len(rules))
    kept = [
        verdict_document(*name, v) | {"status": r.status} for name, v, r in zip(names, verdicts, rules, strict=True)
    ]
    return Response(201, {"source": source, "rules": kept})


def _check_in_force(partner: Partner, rules: list[PriceRule]) -> None:
    """A rule that is to be in force at once is approved by whoever sends it: may they, and alone?"""
    if all(r.status == "draft" for r in rules):
        return
    partner.require(APPROVE)
    if app().business.pricing.four_eyes:
        raise Problem(
            403,
            "four-eyes",
            "rules: somebody else has to approve what you send. Nothing was stored.",
            [
                FieldError(f"rules[{n}].status", "is approved", "send it as a draft, and let somebody else approve it")
                for n, r in enumerate(rules)
                if r.status != "draft"
            ],
        )


def approve(request: Request, partner: Partner) -> Response:
    """200 when every version is in force; one that was already stays as it is."""
    partner.require(APPROVE)
    body = _read(PriceApprovals, request.body)
    source = partner.source(body.source)
    versions = [(f"{source}:{a.rule_id}", a.version) for a in body.approvals]
    four_eyes = app().business.pricing.four_eyes
    try:
        done = app().changes.approve(versions, partner.name, body.reference, four_eyes=four_eyes)
    except UnapprovableError as exc:
        raise undecided(versions, exc) from exc
    passed("approved", "price rules", [request.correlation_id], partner=partner.name, versions=len(versions))
    return Response(200, {"source": source, "approved": [version_document(v) for v in done]})


def show(request: Request, partner: Partner) -> Response:
    """A rule's versions, oldest first."""
    _may_look(partner)
    source, rule_id = partner.source(request.query.get("source")), request.path.get("rule_id", "")
    # What is no name of a rule is not looked up: a key ends at 2 KB, and then the store would seem to be down.
    found = app().store.ledger.versions(f"{source}:{rule_id}") if re.fullmatch(RULE, rule_id) else []
    if not found:
        raise Problem(
            404,
            "unknown-price-rule",
            f"{source} has no rule {rule_id[:100]!r}.",
            [FieldError("rule_id", "unknown", "correct it, or name its source: ?source=…")],
        )
    return Response(200, {"source": source, "rule_id": rule_id, "versions": [version_document(v) for v in found]})


def waiting(request: Request, partner: Partner) -> Response:
    """The drafts of the partner's sources that nobody has approved yet."""
    _may_look(partner)
    if request.query.get("status") != "draft":
        raise Problem(
            400,
            "status-missing",
            "status: only drafts are listed.",
            [FieldError("status", "is not draft", "ask for ?status=draft; a rule by its id shows all its versions")],
        )
    drafts = [v for v in app().store.drafts() if v.rule.source in partner.sources]
    return Response(200, {"drafts": [version_document(v) for v in drafts]})


def _may_look(partner: Partner) -> None:
    if APPROVE not in partner.scopes:
        partner.require(WRITE)


def _read(model: type[M], body: bytes) -> M:
    try:
        return model.model_validate_json(body)
    except ValidationError as exc:
        raise from_validation(exc) from exc


_ROUTES: Mapping[str, Callable[[Request, Partner], Response]] = {
    "POST /v1/price-rules": propose,
    "GET /v1/price-rules": waiting,
    "POST /v1/price-rules/approvals": approve,
    "GET /v1/price-rules/{rule_id}": show,
}
