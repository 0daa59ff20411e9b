"""What is told of price rules: versions with who and when, and verdicts on those handed in."""

from collections.abc import Sequence
from typing import Any

from crossdock.flows.price_changes import At, UnapprovableError
from crossdock.platform.problems import FieldError, Problem, path_text
from crossdock.pricing.judging import Verdict, Would
from crossdock.pricing.ledger import Version


def version_document(version: Version) -> dict[str, Any]:
    """One version of a rule: what it says, whether and since when it counts, who sent and who approved it.

    `counts_from` is null while it is a draft. Its source's own approval, where there was one, stands in `rule`.
    """
    rule = version.rule.document()
    rule.pop("recorded_at", None)
    rule.pop("status", None)
    return {
        "rule_id": version.rule.rule_id,
        "source": version.rule.source,
        "version": version.rule.version,
        "status": version.status,
        "recorded_at": version.recorded_at,
        "counts_from": version.counts_from,
        "by": version.by,
        "approved_by": version.approved_by,
        "approved_at": version.approved_at,
        "reference": version.reference,
        "correlation_id": version.correlation_id,
        "rule": rule,
    }


def verdict_document(rule_id: str, version: int, verdict: Verdict) -> dict[str, Any]:
    """What became of one version, or would."""
    document: dict[str, Any] = {"rule_id": rule_id, "version": version, "outcome": verdict.would.value}
    if verdict.newest:
        document["newest"] = verdict.newest
    if verdict.would.refused:
        document |= {"field": list(verdict.field), "problem": verdict.problem, "remedy": verdict.remedy}
    return document


def refusal(rules: Sequence[tuple[str, int]], verdicts: Sequence[Verdict], *, stored: bool) -> Problem | None:
    """The answer to a request of which not every rule can be taken; None when all can. 409 for contradictions alone."""
    errors = [
        FieldError(path_text(("rules", n, *v.field)), f"{rule_id} version {version} {v.problem}", v.remedy)
        for n, ((rule_id, version), v) in enumerate(zip(rules, verdicts, strict=True))
        if v.would.refused
    ]
    if not errors:
        return None
    contradicting = {v.would for v in verdicts if v.would.refused} <= {Would.CONFLICT, Would.OTHER_TARGET}
    rest = "The others were kept." if stored else "Nothing was stored."
    first = errors[0]
    return Problem(
        409 if contradicting else 422,
        "price-rules-contradict" if contradicting else "price-rules-refused",
        f"{first.field}: {first.problem}; {first.remedy}. {rest}",
        errors,
    )


def undecided(versions: Sequence[At], exc: UnapprovableError) -> Problem:
    """The answer where versions cannot be approved or rejected: 409, each with its reason."""
    errors = [
        FieldError(f"approvals[{versions.index(at)}]", f"{at[0]} version {at[1]} {problem}", remedy)
        for at, (problem, remedy) in exc.versions.items()
    ]
    detail = f"{errors[0].field}: {errors[0].problem}; {errors[0].remedy}"
    return Problem(409, "not-approved", detail, errors)
