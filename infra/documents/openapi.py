"""OpenAPI 3.1 of the API, from what stands beside the handlers."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from itertools import groupby
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from crossdock.contracts.answered import ProblemDocument
from crossdock.contracts.endpoints import Answer, Endpoint, Parameter, Status
from crossdock.platform import lifecycle
from infra.documents.common import CORRELATION, HEADERS, PARAMETERS, headers_of, problems
from infra.documents.endpoints import served
from infra.documents.naming import body_names

VERSION: Final = "1"
LICENSE: Final = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_PROBLEM: Final = "application/problem+json"
_JSON: Final = "application/json"
_ABOUT: Final = (
    "Stock, reservations, prices and webhooks of a distributor. Refusals are problem documents (RFC 9457): go "
    "by `type`, show `detail`; each of `errors` names a field and what to do about it. 503 and 429 carry Retry-After: "
    "send the same request again, what was taken already is recognised. Fields are added to answers without a new "
    "version; nothing is taken away or changed within one. See docs/api.md."
)
_COMES_AGAIN: Final = {
    HTTPStatus.CONFLICT,
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_KEY: Final = "apiKey"
_TOKEN: Final = "bearerToken"  # noqa: S105 - the name of a scheme
_REF: Final = "#/components/schemas/{model}"


def document() -> dict[str, Any]:
    """The whole document; whoever serves it puts the stage's address into `servers`."""
    found = served()
    schemas, names = _schemas([e for _, e in found])
    paths: dict[str, Any] = {}
    for _, endpoint in found:
        operation = _Operation(endpoint, schemas, names).document()
        paths.setdefault(endpoint.path, {})[endpoint.method.lower()] = operation
    return {
        "openapi": "3.1.0",
        "info": {"title": "crossdock", "version": VERSION, "description": _ABOUT, "license": LICENSE},
        "servers": [{"url": "/"}],
        "tags": [{"name": tag} for tag in sorted({e.tag for _, e in found})],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "parameters": PARAMETERS,
            "headers": HEADERS,
            "securitySchemes": {
                _KEY: {
                    "type": "apiKey",
                    "in": "header",
                    "name": "X-Api-Key",
                    "description": "A partner's key; what is asked for beside it are the key's scopes.",
                },
                _TOKEN: {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token of a partner's OAuth 2.0 client (client credentials), instead of a "
                    "key; the address for tokens comes with the client. See docs/partners.md.",
                },
            },
        },
    }


def _schemas(endpoints: Sequence[Endpoint]) -> tuple[dict[str, Any], dict[type[BaseModel], str]]:
    """Every model's schema by its name, and the names of the models."""
    models: list[type[BaseModel]] = [ProblemDocument]
    for endpoint in endpoints:
        models += [m for m in (endpoint.body, *(a.model for a in endpoint.answers)) if m is not None]
    unique = list(dict.fromkeys(models))
    refs, definitions = models_json_schema([(m, "validation") for m in unique], ref_template=_REF)
    names = {model: refs[model, "validation"]["$ref"].rsplit("/", 1)[-1] for model in unique}
    return dict(sorted(definitions["$defs"].items())), names


class _Operation:
    """One operation's part of the document."""

    def __init__(self, endpoint: Endpoint, schemas: Mapping[str, Any], names: Mapping[type[BaseModel], str]) -> None:
        self._endpoint = endpoint
        self._schemas = schemas
        self._names = names

    def document(self) -> dict[str, Any]:
        e = self._endpoint
        made: dict[str, Any] = {"operationId": operation_id(e), "tags": [e.tag], "summary": e.summary}
        if lifecycle.headers_for(e.route):
            made["deprecated"] = True
        if e.says:
            made["description"] = e.says
        made["security"] = [{way: [scope]} for scope in e.scopes for way in (_KEY, _TOKEN)]
        if e.keyed and not e.scopes:
            made["security"] = [{_KEY: []}, {_TOKEN: []}]
        made["parameters"] = self._parameters()
        if e.body is not None or e.raw is not None:
            made["requestBody"] = self._body()
        made["responses"] = self._responses()
        if e.gives:
            made["x-crossdock-gives"] = dict(e.gives)
        return made

    def _ref(self, model: type[BaseModel]) -> dict[str, str]:
        return {"$ref": _REF.format(model=self._names[model])}

    # -- requests ------------------------------------------------------------------------------------------------

    def _parameters(self) -> list[dict[str, Any]]:
        e = self._endpoint
        made = [_parameter(p) for p in e.parameters]
        made += [{"$ref": f"#/components/parameters/{name}"} for name in headers_of(e)]
        if e.idempotency == "optional":
            made.append({"$ref": "#/components/parameters/Idempotency-Key"})
        elif e.idempotency:
            made.append({**PARAMETERS["Idempotency-Key"], "required": True})
        return made

    def _body(self) -> dict[str, Any]:
        e = self._endpoint
        if e.body is None:
            return {"required": True, "content": {"*/*": {"schema": dict(e.raw or {})}}}
        content: dict[str, Any] = {"schema": self._ref(e.body)}
        if e.example is not None:
            content["example"] = e.example
        said = body_names(content["schema"], self._schemas, e.names)
        # What names nothing of a partner's is of no interest to who tries to misuse it.
        owned = {path: whose for path, whose in said.items() if whose != "nothing"}
        return {"required": e.body_required, "content": {_JSON: content}, "x-crossdock-names": owned}

    # -- answers -------------------------------------------------------------------------------------------------

    def _responses(self) -> dict[str, Any]:
        e = self._endpoint
        made: dict[str, Any] = {}
        by_status = sorted(e.answers, key=lambda answer: str(answer.status))
        for status, answers in groupby(by_status, key=lambda answer: answer.status):
            made[str(status)] = self._answer(list(answers))
        if e.revalidates:
            headers = made[str(HTTPStatus.OK.value)]["headers"]
            made["304"] = {"description": "It is still as the caller has it.", "headers": headers}
        for status, names in problems(e).items():
            made[str(status)] = self._problem(status, names)
        return dict(sorted(made.items()))

    def _share(self) -> list[str]:
        share = ["RateLimit", "RateLimit-Policy"] if self._endpoint.keyed else []
        return [*share, *lifecycle.headers_for(self._endpoint.route)]

    def _answer(self, answers: Sequence[Answer]) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for media in dict.fromkeys(a.media for a in answers):
            refs = [self._ref(a.model) for a in answers if a.media == media and a.model is not None]
            nothing = {"type": "object" if media == _JSON else "string"}
            schema: dict[str, Any] = {"anyOf": refs} if len(refs) > 1 else refs[0] if refs else nothing
            content[media] = {"schema": schema}
        headers = _headers(CORRELATION, *self._share(), *(["ETag"] if self._endpoint.revalidates else []))
        for name, says in sorted({pair for a in answers for pair in a.headers.items()}):
            headers[name] = {"description": says, "schema": {"type": "string"}}
        return {"description": answers[0].says, "headers": headers, "content": content}

    def _problem(self, status: Status, names: Sequence[str]) -> dict[str, Any]:
        waits = status in _COMES_AGAIN
        schema = {
            "allOf": [self._ref(ProblemDocument)],
            "properties": {"type": {"enum": [f"urn:crossdock:problem:{name}" for name in names]}},
        }
        return {
            "description": f"Refused: {', '.join(names)}.",
            "headers": _headers(
                CORRELATION,
                *self._share(),
                *(["Retry-After"] if waits else []),
                *(["WWW-Authenticate"] if status == HTTPStatus.UNAUTHORIZED else []),
            ),
            "content": {_PROBLEM: {"schema": schema}},
        }


def operation_id(endpoint: Endpoint) -> str:
    """`get-v1-items-sku-availability`: method and path, so that no two are the same."""
    words = endpoint.path.replace("{", "").replace("}", "").strip("/").replace("/", "-")
    return f"{endpoint.method.lower()}-{words}"


def _parameter(parameter: Parameter) -> dict[str, Any]:
    made: dict[str, Any] = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.says,
        "required": parameter.required,
        "schema": dict(parameter.schema),
        "x-crossdock-names": parameter.whose,
    }
    if parameter.example is not None:
        made["example"] = parameter.example
    return made


def _headers(*names: str) -> dict[str, Any]:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}
