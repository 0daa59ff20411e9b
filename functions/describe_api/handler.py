"""The API's own documents, for everybody: GET /v1/openapi.json · GET /v1/asyncapi.json."""

import json
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from crossdock.platform import deadline
from crossdock.platform.http import Request, Response, serve
from crossdock.platform.logs import passed

# They change with a deployment only; who asks again sooner is spared a request.
_CACHED = {"Content-Type": "application/json", "Cache-Control": "public, max-age=300"}


def handler(event: dict[str, Any], context: deadline.LambdaContext) -> dict[str, Any]:
    return serve(event, context, lambda request: describe(request, event), max_body_bytes=0)


def describe(request: Request, event: Mapping[str, Any]) -> Response:
    """200 with a strong ETag over the document."""
    name = request.route.rpartition("/")[2]
    passed("described", name, [request.correlation_id])
    return Response(200, headers=_CACHED, text=document(name, *_address(request, event)), revalidate=True)


# As many addresses as a stage may have; there is one, and one more with a domain of its own.
@lru_cache(maxsize=4)
def document(name: str, scheme: str, host: str, path: str) -> str:
    """The text of a document for who asks at this address."""
    made = json.loads(Path(__file__).with_name(name).read_text(encoding="utf-8"))
    if name == "openapi.json":
        made["servers"] = [{"url": f"{scheme}://{host}{path}"}]
    else:
        made["servers"]["api"] |= {"host": host, "protocol": scheme, "pathname": path or "/"}
    return json.dumps(made, separators=(",", ":"), ensure_ascii=False)


def _address(request: Request, event: Mapping[str, Any]) -> tuple[str, str, str]:
    """Scheme, host and path that the API's own paths come behind: the gateway's word, not the caller's.

    The local engine says no domain: it serves every API under the address that was called.
    """
    context = event.get("requestContext") or {}
    path = str(context.get("path") or "").removesuffix(request.route.partition(" ")[2])
    if context.get("domainName"):
        return "https", str(context["domainName"]), path
    return "http", request.headers.get("host", "localhost"), f"/_aws/execute-api/{context.get('apiId', '')}{path}"
