"""Signing as a vendor does: for trying out a source of ours, never for what goes out."""

import base64
import json
from dataclasses import replace
from datetime import datetime

from crossdock.exchange.schemes import SCHEMES
from crossdock.exchange.schemes.forms import Form, digest, key_of, signed_content
from crossdock.exchange.schemes.hubspot import decoded_uri
from crossdock.exchange.schemes.values import Incoming

_NOTIFICATION = '{"value":[{"subscriptionId":"test","clientState":%s,"changeType":"updated"}]}'
_OUTBOUND = (
    '<soapenv:Envelope xmlns:soapenv="http://schemas.xmlsoap.org/soap/envelope/"><soapenv:Body>'
    '<notifications xmlns="http://soap.sforce.com/2005/09/outbound"><OrganizationId>%s</OrganizationId>'
    "<Notification><Id>04l000000000000AAA</Id></Notification></notifications></soapenv:Body></soapenv:Envelope>"
)


def signed(scheme: str, secret: str, incoming: Incoming, now: datetime, form: Form | None = None) -> Incoming:
    """The request with what proves its origin. For the schemes that sign nothing the body is a sample of their own."""
    if scheme == "business-central":
        return replace(incoming, body=(_NOTIFICATION % json.dumps(secret)).encode())
    if scheme == "salesforce-outbound":
        organisation, _, token = secret.partition(":")
        url = f"{incoming.url}?token={token}" if token else incoming.url
        return replace(incoming, url=url, body=(_OUTBOUND % organisation).encode())
    return _with_signature(scheme, form or SCHEMES[scheme].forms[0], secret, incoming, now)


def _with_signature(scheme: str, form: Form, secret: str, incoming: Incoming, now: datetime) -> Incoming:
    timestamp = str(int(now.timestamp() * (1000 if form.unit == "ms" else 1)))
    message_id = f"test-{timestamp}"
    address = decoded_uri(incoming.url) if scheme == "hubspot-v3" else incoming.url
    content = signed_content(form, replace(incoming, url=address), message_id, timestamp)
    made = digest(form, key_of(form, secret), content)
    text = form.prefix + (made.hex() if form.encoding == "hex" else base64.b64encode(made).decode())
    headers = {**incoming.headers}
    if form.id:
        headers[form.id] = (message_id,)
    if form.timestamp and form.timestamp_prefix:
        text = f"{form.timestamp_prefix}{timestamp}{form.separator}{text}"
    elif form.timestamp:
        headers[form.timestamp] = (timestamp,)
    headers[form.header] = (text,)
    return replace(incoming, headers=headers)
