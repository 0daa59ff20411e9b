"""AsyncAPI 3.0: what sources send us, what channels are sent, and what goes over the bus."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from crossdock.connectors.generic_erp import translation as erp
from crossdock.connectors.generic_wms import translation as wms
from crossdock.contracts.catalogue import FACTS
from crossdock.contracts.channel_events import CHANNEL_EVENTS, ChannelAnswer
from crossdock.contracts.customer_events import CustomerHoldChanged, CustomerMerged, CustomerUpserted
from crossdock.contracts.events import (
    CUSTOMER_HOLD_CHANGED,
    CUSTOMER_MERGED,
    CUSTOMER_UPSERTED,
    RESERVATION_DECIDED,
)
from crossdock.contracts.reservation_answers import ReservationDecided
from infra.documents.openapi import LICENSE, VERSION

_REF: Final = "#/components/schemas/{model}"
_ABOUT: Final = (
    "Webhooks in both directions are signed as Standard Webhooks are: HMAC-SHA256 over id, time and body. What is "
    "delivered may come twice and out of order: a source's ids and a channel's versions say what is new. See "
    "docs/webhooks.md, docs/connectors.md and docs/api.md."
)
_SIGNED: Final = {
    "type": "object",
    "required": ["webhook-id", "webhook-timestamp", "webhook-signature"],
    "properties": {
        "webhook-id": {"type": "string", "description": "The delivery; the same when it is repeated."},
        "webhook-timestamp": {"type": "string", "description": "Seconds since 1970."},
        "webhook-signature": {"type": "string", "description": "`v1,` and base64; several while a secret is rotated."},
        "x-correlation-id": {"type": "string", "description": "Names the flow, for whoever asks us about it."},
    },
}


def document() -> dict[str, Any]:
    """The whole document; whoever serves it puts the stage's address into `servers`."""
    sent = {_type_of(m): m for m in CHANNEL_EVENTS}
    native: dict[str, type[BaseModel]] = {**wms.NATIVE, **erp.NATIVE}
    facts: dict[str, type[BaseModel]] = {name: fact.model for name, fact in FACTS.items()}
    facts |= {
        RESERVATION_DECIDED: ReservationDecided,
        CUSTOMER_UPSERTED: CustomerUpserted,
        CUSTOMER_HOLD_CHANGED: CustomerHoldChanged,
        CUSTOMER_MERGED: CustomerMerged,
    }
    schemas, refs = _schemas([*sent.values(), *native.values(), *facts.values(), ChannelAnswer])
    messages = {
        **{name: _message(name, model, refs[model], signed=True) for name, model in (native | sent).items()},
        "channel.answer": _message("channel.answer", ChannelAnswer, refs[ChannelAnswer], signed=False),
        **{name: _event(name, model, refs[model]) for name, model in facts.items()},
    }
    return {
        "asyncapi": "3.0.0",
        "info": {"title": "crossdock", "version": VERSION, "description": _ABOUT, "license": {"name": LICENSE["name"]}},
        "defaultContentType": "application/json",
        "servers": {"api": {"host": "localhost", "protocol": "https", "description": "The stage's API."}},
        "channels": {
            "webhooks": _channel("webhooks/{source}", "What systems send us.", native),
            "channel": _channel(None, "A channel's endpoint, as its operator set it.", sent),
            "channelAnswer": _channel(None, "What the endpoint answers.", ["channel.answer"]),
            "bus": _channel("crossdock-{stage}", "The stage's event bus: canonical facts.", facts),
        },
        "operations": {
            "receiveWebhooks": _operation("receive", "webhooks", native),
            "tellChannel": {
                **_operation("send", "channel", sent),
                "reply": {
                    "channel": {"$ref": "#/channels/channelAnswer"},
                    "messages": [{"$ref": "#/channels/channelAnswer/messages/channel.answer"}],
                },
            },
            "publishFacts": _operation("send", "bus", facts),
        },
        "components": {"messages": messages, "schemas": schemas},
    }


def _type_of(model: type[BaseModel]) -> str:
    """The one type that a delivery of this model says."""
    found: str = model.model_fields["type"].annotation.__args__[0]  # type: ignore[union-attr]  # a Literal of one
    return found


def _schemas(models: Sequence[type[BaseModel]]) -> tuple[dict[str, Any], dict[type[BaseModel], dict[str, str]]]:
    unique = list(dict.fromkeys(models))
    made, definitions = models_json_schema([(m, "validation") for m in unique], ref_template=_REF)
    refs = {model: {"$ref": made[model, "validation"]["$ref"]} for model in unique}
    return dict(sorted(definitions["$defs"].items())), refs


def _message(name: str, model: type[BaseModel], ref: Mapping[str, str], *, signed: bool) -> dict[str, Any]:
    made: dict[str, Any] = {"name": name, "summary": _first_line(model), "payload": dict(ref)}
    return made | ({"headers": _SIGNED} if signed else {})


def _event(name: str, model: type[BaseModel], ref: Mapping[str, str]) -> dict[str, Any]:
    """A CloudEvents 1.0 document with our extensions (`contracts/events.py`)."""
    text = {"type": "string"}
    said = ("id", "source", "subject", "correlationid", "causationid", "sourcesystem", "dedupekey")
    fact = FACTS.get(name)
    properties = {
        "specversion": {"const": "1.0"},
        "type": {"const": name},
        "time": {"type": "string", "format": "date-time"},
        "datacontenttype": {"const": "application/json"},
        **dict.fromkeys(said, text),
        "mappingversion": {**text, "description": "Which mapping of a connector made it."},
        "delivery": {**text, "description": "The delivery that it was made of."},
        "data": dict(ref),
    }
    required = [n for n in properties if n not in {"mappingversion", "delivery"}]
    return {
        "name": name,
        "summary": fact.says[:1].upper() + fact.says[1:] + "." if fact else _first_line(model),
        "payload": {"type": "object", "required": required, "properties": properties},
    }


def _first_line(model: type[BaseModel]) -> str:
    return (model.__doc__ or "").strip().partition("\n")[0]


def _channel(address: str | None, says: str, names: Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    made: dict[str, Any] = {"address": address, "description": says}
    parameters = [part.partition("}")[0] for part in (address or "").split("{")[1:]]
    if parameters:
        made["parameters"] = {name: {"description": f"The {name}'s name."} for name in parameters}
    return made | {"messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names}}


def _operation(action: str, channel: str, names: Sequence[str] | Mapping[str, Any]) -> dict[str, Any]:
    return {
        "action": action,
        "channel": {"$ref": f"#/channels/{channel}"},
        "messages": [{"$ref": f"#/channels/{channel}/messages/{name}"} for name in names],
    }
