"""Invoked by the command line, never by an event: price rules from a file, and approvals of drafts."""

from dataclasses import dataclass
from typing import Any

from pydantic import TypeAdapter, ValidationError

from crossdock import config
from crossdock.contracts.price_changes import RulesHandedIn, VersionsDecided
from crossdock.flows.price_changes import PriceChanges, UnapprovableError
from crossdock.flows.price_rule_answers import undecided, verdict_document, version_document
from crossdock.identity.references import References
from crossdock.platform import clients, deadline, env
from crossdock.platform.clock import system_clock
from crossdock.platform.correlation import choose
from crossdock.platform.dynamo import Table
from crossdock.platform.logs import passed
from crossdock.platform.problems import FieldError, Problem, from_validation
from crossdock.platform.queues import dumps
from crossdock.platform.startup import warm
from crossdock.pricing.foreseeing import Foreseeing
from crossdock.pricing.store import PricingStore

_Wanted = RulesHandedIn | VersionsDecided
_READ: TypeAdapter[_Wanted] = TypeAdapter(_Wanted)


@dataclass(frozen=True, slots=True)
class Env:
    identity_table: str
    pricing_table: str


@dataclass(frozen=True, slots=True)
class App:
    changes: PriceChanges
    business: config.BusinessConfig


@warm
def app() -> App:
    values, client, business = env.read(Env), clients.dynamodb(), config.load()
    pricing = Table(client, values.pricing_table)
    store, foreseeing = PricingStore(pricing, system_clock), Foreseeing(pricing, system_clock)
    references = References(Table(client, values.identity_table))
    return App(PriceChanges(store, foreseeing, references.skus, system_clock, business.time_zone), business)


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    """`{"action": "preview", …}` and the like → what became of it; a mistake of the operator's under `refused`.

    Raises what the stores raise: the same may then be handed in again.
    """
    deadline.begin(context)
    correlation_id = choose(event.pop("correlation_id", None))
    try:
        wanted = _READ.validate_json(dumps(event))
        done = _hand_in(wanted, correlation_id) if isinstance(wanted, RulesHandedIn) else _decide(wanted)
    except ValidationError as exc:
        return {"refused": from_validation(exc).document(correlation_id)}
    except Problem as problem:
        return {"refused": problem.document(correlation_id)}
    passed("handed in", str(event.get("action")), [correlation_id], by=wanted.by, source=done["source"])
    return {**done, "correlation_id": correlation_id}


def _hand_in(wanted: RulesHandedIn, correlation_id: str) -> dict[str, Any]:
    source = _source(wanted.source)
    if app().business.pricing.four_eyes and any(r.status != "draft" for r in wanted.rules):
        raise Problem(
            403,
            "four-eyes",
            "this distributor asks for four eyes: what a person hands in is a draft until somebody else approves it",
            [
                FieldError(
                    "rules", "are to be in force at once", "import them with --draft, then: crossdock price approve"
                )
            ],
        )
    offers = app().changes.preview(source, wanted.rules)
    verdicts = [o.verdict for o in offers]
    if wanted.action == "keep":
        verdicts = app().changes.keep(offers, source, wanted.by, correlation_id)
    rules = zip(wanted.rules, verdicts, strict=True)
    return {"source": source, "verdicts": [verdict_document(r.rule_id, r.version, v) for r, v in rules]}


def _decide(wanted: VersionsDecided) -> dict[str, Any]:
    source, changes = _source(wanted.source), app().changes
    versions = [(f"{source}:{a.rule_id}", a.version) for a in wanted.approvals]
    try:
        if wanted.action == "approve":
            four_eyes = app().business.pricing.four_eyes
            done = changes.approve(versions, wanted.by, wanted.reference, four_eyes=four_eyes)
        else:
            done = changes.reject(versions, wanted.by, wanted.reference)
    except UnapprovableError as exc:
        raise undecided(versions, exc) from exc
    return {"source": source, "versions": [version_document(v) for v in done]}


def _source(named: str | None) -> str:
    """The source whose rules they are: the one named, or the only one there is."""
    known = sorted(app().business.sources)
    if named is None and len(known) == 1:
        return known[0]
    if named in known:
        return named
    said = "missing" if named is None else f"there is no source {named!r}"
    raise Problem(
        422,
        "source-missing" if named is None else "unknown-source",
        f"source: {said}; name one of: {', '.join(known)}",
        [FieldError("source", said, f"name one of: {', '.join(known)}")],
    )
