"""`[ownership]` and `[customers]` as the functions see them: values, without the forms that they were held to."""

from collections.abc import Mapping
from typing import Any

from crossdock.contracts.customer_terms import CustomerTerms, Enriching
from crossdock.contracts.ownership import Matrix, Rule


def matrix(fields: Mapping[str, Any] | None) -> Matrix:
    """The values of a compiled `[ownership]`; without one nobody owns anything."""
    if fields is None:
        return Matrix()
    rules = tuple(
        Rule(
            pattern,
            (rule["owner"], *rule["fallbacks"]),
            rule["survivorship"],
            rule["foreign"],
            tuple(rule["written_back"]),
            rule["scope"],
        )
        for rule in fields["rules"]
        for pattern in rule["attributes"]
    )
    return Matrix(fields["version"], rules, dict(fields["trust"]))


def customer_terms(fields: Mapping[str, Any], clock_tolerance_s: int) -> CustomerTerms:
    """The values of a compiled `[customers]`, and how far clocks may be off."""
    return CustomerTerms(
        required=tuple(fields["required"]),
        duplicates=fields["duplicates"],
        echo_hours=fields["echo_hours"],
        our_names=tuple(fields["our_names"]),
        enrichment=tuple(Enriching(e["when"], e["gives"]) for e in fields["enrichment"]),
        clock_tolerance_s=clock_tolerance_s,
    )
