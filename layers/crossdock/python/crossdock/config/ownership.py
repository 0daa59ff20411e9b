"""`[ownership]` and `[customers]`: who may say what of a customer, and when one is complete.

The forms are held to their words here; what only the whole document can show (a system that is none, an attribute with
two owners or with nobody) is found by `ownership_problems`.
"""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from crossdock.contracts.customer_attributes import ATTRIBUTES, DIMENSIONS, FIELDS, AttributeNameError, checked, named
from crossdock.contracts.ownership import OPERATOR, RULES

System = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,30}$")]
_Pattern = Annotated[str, StringConstraints(pattern=r"^([a-z_]{1,40}\*?|\*)$")]
_Scope = Annotated[str, StringConstraints(pattern=r"^[a-z]{1,20}:([A-Za-z0-9_.-]{1,60}|\*)$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Rule(_Strict):
    attributes: list[_Pattern] = Field(min_length=1)
    entity: Literal["customer"] = "customer"
    scope: _Scope | None = None
    owner: System
    fallbacks: list[System] = Field(default_factory=list)
    survivorship: Literal["owner", "newest", "trust", "manual"] = "owner"
    foreign: Literal["ignore", "revert", "raise"] = "ignore"
    written_back: list[System] = Field(default_factory=list)


class Ownership(_Strict):
    """The section `[ownership]`. Whoever changes a rule raises `version`: each record says by which it was judged."""

    version: int = Field(ge=1, le=1_000_000)
    trust: dict[System, Annotated[int, Field(ge=0, le=100)]] = Field(default_factory=dict)
    rules: list[_Rule] = Field(min_length=1)


class _Enrichment(_Strict):
    when: dict[str, str] = Field(min_length=1)
    gives: dict[str, Any] = Field(min_length=1)


class Customers(_Strict):
    """The section `[customers]`."""

    required: list[str] = Field(default_factory=lambda: ["name"])
    duplicates: Literal["hold", "tell", "off"] = "hold"
    echo_hours: int = Field(default=24, ge=0, le=720)
    our_names: list[str] = Field(default_factory=lambda: ["crossdock"])
    enrichment: list[_Enrichment] = Field(default_factory=list)


def ownership_problems(ownership: Ownership | None, customers: Customers, systems: frozenset[str]) -> list[str]:
    """What is wrong in them, by place; `systems` are the sources and channels that there are."""
    found = list(_of_customers(customers))
    if ownership is None:
        return found
    known = systems | {OPERATOR, RULES}
    found += [
        f"ownership.trust.{name}: {name!r} is neither a source nor a channel; correct it or leave it out"
        for name in ownership.trust
        if name not in known
    ]
    for place, rule in enumerate(ownership.rules):
        found += _of_rule(f"ownership.rules.{place}", rule, known)
    return [*found, *_of_all(ownership)]


def _of_rule(place: str, rule: _Rule, known: frozenset[str]) -> Iterator[str]:
    for pattern in rule.attributes:
        if not any(_matches(pattern, name) for name in ATTRIBUTES):
            yield f"{place}.attributes: {pattern!r} is no attribute of a customer; use one of {', '.join(ATTRIBUTES)}"
    dimension = rule.scope.partition(":")[0] if rule.scope else None
    if dimension is not None and dimension not in DIMENSIONS:
        yield f"{place}.scope: {dimension!r} is none of {', '.join(DIMENSIONS)}; write one, as company:uk"
    if rule.scope and any(_matches(p, name) for p in rule.attributes if p != "*" for name in FIELDS):
        yield f"{place}.scope: contacts and ship-tos are said for all; leave the scope out"
    if rule.owner not in known:
        yield (
            f"{place}.owner: {rule.owner!r} is not among [sources.*] and [channels.*], nor {OPERATOR} or {RULES}; "
            "add it or name another"
        )
    for field in ("fallbacks", "written_back"):
        names: list[str] = getattr(rule, field)
        yield from (
            f"{place}.{field}: {n!r} is neither a source nor a channel; correct it" for n in names if n not in known
        )
        if len(set(names)) < len(names):
            yield f"{place}.{field}: a system stands in it twice; name it once"
    if rule.owner in rule.fallbacks:
        yield f"{place}.fallbacks: {rule.owner!r} is the owner already; leave it out"


def _of_all(ownership: Ownership) -> Iterator[str]:
    """Attributes with two owners, and those with none."""
    first: dict[tuple[str, str | None], int] = {}
    for place, rule in enumerate(ownership.rules):
        for pattern in rule.attributes:
            before = first.setdefault((pattern, rule.scope), place)
            if before != place:
                scope = f" for {rule.scope}" if rule.scope else ""
                yield (
                    f"ownership.rules.{place}.attributes: {pattern!r}{scope} has an owner in rules.{before} already, "
                    f"{ownership.rules[before].owner!r}; leave one of them out"
                )
    general = [p for rule in ownership.rules if rule.scope is None for p in rule.attributes]
    unowned = [name for name in ATTRIBUTES if not any(_matches(p, name) for p in general)]
    if unowned:
        yield (
            f"ownership.rules: nobody owns {', '.join(unowned)}; add a rule without a scope that names "
            f'{"them" if len(unowned) > 1 else "it"}, or attributes = ["*"] for all that are left'
        )


def _of_customers(customers: Customers) -> Iterator[str]:
    for name in customers.required:
        yield from (f"customers.required: {problem}" for problem in _named(name))
    for place, enrichment in enumerate(customers.enrichment):
        for name in enrichment.when:
            yield from (f"customers.enrichment.{place}.when: {problem}" for problem in _named(name))
        for name, value in enrichment.gives.items():
            try:
                checked(name, value)
            except ValueError as exc:
                yield f"customers.enrichment.{place}.gives.{name}: {exc}"


def _named(name: str) -> Iterator[str]:
    try:
        named(name)
    except AttributeNameError as exc:
        yield str(exc)


def _matches(pattern: str, name: str) -> bool:
    return name == pattern or (pattern.endswith("*") and name.startswith(pattern[:-1]))
