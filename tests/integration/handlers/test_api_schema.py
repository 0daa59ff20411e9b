"""The handlers against the API's document: requests that fit it and such as do not, made by Schemathesis."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given

from tests.support.api_examples import FUNCTIONS, Side, Stage, operations, staged
from tests.support.schemathesis_cases import ASKED, CHECKS, bounded, cases, event, prepared, response
from tests.support.world import Context

if TYPE_CHECKING:
    from collections.abc import Iterator

    from schemathesis import Case, GenerationMode

    from crossdock_cli.target import Target

pytestmark = pytest.mark.integration

EXAMPLES = 8


@pytest.fixture(scope="module")
def stage(engine: Target, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    with staged(engine, tmp_path_factory.mktemp("schema")) as both:
        yield both


def authorizer(side: Side) -> dict[str, str]:
    """A partner with every scope that the document knows."""
    scopes = {scope for operation in operations() for scope in operation.scopes.split()}
    return {
        "partner": side.partner,
        "scopes": " ".join(sorted(scopes)),
        "sources": side.source,
        "channels": side.channel,
        "customers": side.customer,
    }


@pytest.mark.parametrize(("operation", "mode"), ASKED, ids=[f"{o.label} {m.value}" for o, m in ASKED])
def test_answers_are_as_described_and_what_does_not_fit_is_refused(
    stage: Stage, operation: Any, mode: GenerationMode
) -> None:
    who = authorizer(stage.owner)

    @bounded(EXAMPLES)
    @given(case=cases(operation, mode))
    def asked(case: Case) -> None:
        sent = prepared(case)
        asks = event(case, sent, who)
        assume(asks is not None)
        answer = stage.world.call(FUNCTIONS[f"{case.method} {operation.path}"], asks or {}, Context())
        case.validate_response(response(answer, sent), checks=CHECKS)

    asked()
