"""Every function that serves partners counts their calls, and by its own grants."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from crossdock.platform import allowances
from infra.documents.endpoints import served
from tests.support import calls
from tests.support.world import World, api_event

if TYPE_CHECKING:
    from crossdock.contracts.endpoints import Endpoint

pytestmark = pytest.mark.integration

FIRST: dict[str, Endpoint] = {}
for _function, _endpoint in served():
    if _endpoint.keyed:
        FIRST.setdefault(_function, _endpoint)


@pytest.mark.parametrize("function", sorted(FIRST))
def test_a_call_is_counted_in_the_partners_row(world: World, function: str) -> None:
    endpoint = FIRST[function]
    event = api_event({}, route=endpoint.route, scopes="", partner=f"p-{function.replace('_', '-')}")
    event["requestContext"]["authorizer"] |= {"rate": "1", "burst": "2"}
    answers = [world.call(function, event)["statusCode"] for _ in range(4)]
    allowances._limiter.cache_clear()
    world.call(function, event)  # in another environment, which does not know that there is a row

    assert 429 in answers, "the third call within a second is one too many"
    assert [r["pk"] for r in world.rows("limits")] == [f"LIMIT#p-{function.replace('_', '-')}"]
    counted = {f"dynamodb:{verb} table/limits" for verb in ("PartiQLInsert", "PartiQLUpdate", "BatchGetItem")}
    assert counted <= {call for one, call in calls.seen if one == function}
