"""Why a signature does not fit: what it would fit, if one thing or two had been done otherwise.

Vendors' libraries, proxies and copied secrets go wrong in few ways. Each is tried on what was received, alone and in
pairs, the fewest first; the first that fits is told in the words of a remedy. For people who hold the secret, offline:
nothing of this is ever said to a sender.
"""

import base64
import html
import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace

from crossdock.exchange.schemes import SCHEMES
from crossdock.exchange.schemes.forms import Form, digest, signed_content
from crossdock.exchange.schemes.hubspot import decoded_uri
from crossdock.exchange.schemes.reading import decoded, from_base64, json_of
from crossdock.exchange.schemes.values import Incoming, Trust

_LARGEST = 300_000
"""Bytes of a body that some thousand hashes over it take a second or two for."""
_MILLISECONDS = 10**11  # as seconds this is the year 5138
_DIGESTS = {20: "sha1", 32: "sha256", 64: "sha512"}

Variant = tuple[str, bytes]
"""What was done otherwise (empty: nothing), and what it makes."""


def hints(scheme: str, incoming: Incoming, trust: Trust) -> list[str]:
    """What may be wrong with a delivery that this scheme refused, the surest first; empty when nothing was found."""
    found: list[str] = []
    for form in _forms(scheme, incoming, trust):
        found += _of_timestamp(form, incoming)
        found += _of_signature(form, incoming, trust, scheme)
    return list(dict.fromkeys(found)) or _of_headers(scheme, incoming, trust)


def _forms(scheme: str, incoming: Incoming, trust: Trust) -> list[Form]:
    forms = [trust.form] if trust.form else list(SCHEMES[scheme].forms)
    return [form for form in forms if form.header in incoming.headers]


def _of_headers(scheme: str, incoming: Incoming, trust: Trust) -> list[str]:
    """For what has no signature header of its scheme: whose delivery it looks like instead."""
    wanted = [trust.form] if trust.form else list(SCHEMES[scheme].forms)
    if not wanted or any(form.header in incoming.headers for form in wanted):
        return []
    others = {s.name for s in SCHEMES.values() for form in s.forms if form.header in incoming.headers}
    names = ", ".join(sorted(others - {scheme}))
    return [f"the headers are those of another scheme: try --scheme with one of {names}"] if names else []


def _of_timestamp(form: Form, incoming: Incoming) -> list[str]:
    text = _stamp(form, incoming)
    if not text.isascii() or not text.isdecimal():
        return ["the timestamp is not a whole number: it is cut or has a fraction"] if form.timestamp else []
    if form.unit == "s" and int(text[:20]) > _MILLISECONDS:
        return ["the timestamp is in milliseconds, and this scheme has seconds"]
    if form.unit == "ms" and int(text[:20]) < _MILLISECONDS:
        return ["the timestamp is in seconds, and this scheme has milliseconds"]
    return []


def _of_signature(form: Form, incoming: Incoming, trust: Trust, scheme: str) -> list[str]:
    offered = list(_offered(form, incoming))
    if not offered:
        return [f"no signature can be read in {form.header}: {_written(form)} is expected"]
    if len(incoming.body) > _LARGEST:
        return []
    for secret in trust.secrets:
        reasons = _search(form, incoming, secret, offered, scheme)
        if reasons is not None:
            return reasons or ["the signature itself fits"]
    return []


def _search(
    form: Form, incoming: Incoming, secret: str, offered: list[tuple[str, bytes]], scheme: str
) -> list[str] | None:
    """The fewest changes under which one of the offered signatures fits, or None."""
    keys = list(_keys(form, secret))
    contents = sorted(_contents(form, incoming, scheme), key=lambda c: len(c[0]))
    best: list[str] | None = None
    for written, signature in offered:
        algorithm = _DIGESTS.get(len(signature))
        if algorithm is None:
            continue
        for keyed, how in ((form.keyed, ""), _other(form)):
            tried = replace(form, algorithm=algorithm, keyed=keyed)  # type: ignore[arg-type]  # the names of digests
            other = f"it is made with {algorithm.upper()}, not {form.algorithm.upper()}"
            for changes, content in contents:
                for key_change, key in keys:
                    said = [written, how, other if algorithm != form.algorithm else "", *changes, key_change]
                    reasons = [reason for reason in said if reason]
                    if best is not None and len(reasons) >= len(best):
                        continue
                    if digest(tried, key, content) == signature:
                        best = reasons
    return best


def _other(form: Form) -> tuple[str, str]:
    if form.keyed == "hmac":
        return "joining", "it is a plain hash of secret and content, not an HMAC"
    return "hmac", "it is an HMAC, not a plain hash of secret and content"


def _offered(form: Form, incoming: Incoming) -> Iterator[tuple[str, bytes]]:
    """Signatures in the header however they are written, with what is unusual about that."""
    text = (incoming.headers[form.header] or ("",))[0]
    for raw in text.split(form.separator) if form.separator else [text]:
        part = raw.strip(" ")
        if form.timestamp_prefix and part.startswith(form.timestamp_prefix):
            continue
        has = part.startswith(form.prefix)
        bare = part.removeprefix(form.prefix)
        missing = "" if has else f"the signature lacks {form.prefix} in front"
        own = decoded(bare, form.encoding)
        if own and len(own) in _DIGESTS:
            yield missing, own
            continue
        other = "base64" if form.encoding == "hex" else "hex"
        found = decoded(bare, other) or _loose(bare)
        if found and len(found) in _DIGESTS:
            yield " and ".join(filter(None, [missing, f"it is written in {other}, not {form.encoding}"])), found


def _loose(text: str) -> bytes | None:
    """Base64 of URLs, and base64 whose end was cut off or whose + became spaces."""
    plain = text.replace("-", "+").replace("_", "/").replace(" ", "+").rstrip("=")
    return from_base64(plain + "=" * (-len(plain) % 4))


def _keys(form: Form, secret: str) -> Iterator[Variant]:
    """The secret read in the ways in which secrets are misread."""
    seen: set[bytes] = set()
    for reason, key in _raw_keys(form, secret):
        if key and key not in seen:
            seen.add(key)
            yield reason, key


def _raw_keys(form: Form, secret: str) -> Iterator[tuple[str, bytes | None]]:
    own: dict[str, Callable[[str], bytes | None]] = {
        "text": lambda s: s.encode("utf-8", "surrogatepass"),
        "base64": lambda s: from_base64(s.removeprefix("whsec_")),
        "hex": lambda s: decoded(s, "hex"),
    }
    words = {
        "text": "the secret was used as the text it is, not decoded",
        "base64": "the secret is base64 (whsec_ taken off), and the key is what it decodes to",
        "hex": "the secret is hexadecimal, and the key is what it decodes to",
    }
    stripped = secret.strip()
    texts = [("", secret), ("the secret has spaces or a line end around it", stripped)]
    texts.append(("the secret is used without whsec_", stripped.removeprefix("whsec_")))
    texts.append(
        ("the secret has &amp; and the like in it: the shop signs with the plain characters", html.unescape(stripped))
    )
    for why, text in texts:
        for name in dict.fromkeys((form.key, "text", "base64", "hex")):
            reason = " and ".join(filter(None, [why, "" if name == form.key else words[name]]))
            yield reason, own[name](text)


def _contents(form: Form, incoming: Incoming, scheme: str) -> Iterator[tuple[list[str], bytes]]:
    """What may have been signed instead, with the changes that make it."""
    message_id = (incoming.headers.get(form.id) or ("",))[0]
    timestamp = _stamp(form, incoming)
    for body_change, body in _bodies(incoming.body):
        for place_change, template in _templates(form):
            for url_change, url in _urls(form, incoming.url, scheme):
                changed = replace(incoming, body=body, url=url)
                reasons = [r for r in (body_change, place_change, url_change) if r]
                yield reasons, signed_content(replace(form, content=template), changed, message_id, timestamp)


def _templates(form: Form) -> Iterable[tuple[str, str]]:
    yield "", form.content
    others = ("{body}", "{timestamp}.{body}", "{timestamp}{body}", "{id}.{timestamp}.{body}", "{method}{url}{body}")
    for other in others:
        if other != form.content:
            yield f"what was signed is {other.replace('{', '').replace('}', '')}", other


def _urls(form: Form, url: str, scheme: str) -> Iterable[tuple[str, str]]:
    """The address as senders know it: other scheme, a slash more or less, a stage in the path or not."""
    if not form.needs("url"):
        return [("", url)]
    own = decoded_uri(url) if scheme == "hubspot-v3" else url
    others = {
        "the address that was signed begins with https://": own.replace("http://", "https://", 1),
        "the address that was signed begins with http://": own.replace("https://", "http://", 1),
        "the address that was signed ends without a slash": own.rstrip("/"),
        "the address that was signed ends with a slash": own.rstrip("/") + "/",
        "the address that was signed has no query": own.partition("?")[0],
        "the address was signed with its percent-encoding": url,
        "the address was signed with its percent-encoding taken off": decoded_uri(url),
    }
    return [("", own), *((why, other) for why, other in others.items() if other != own)]


def _bodies(body: bytes) -> Iterator[Variant]:
    """The body as it may have been when it was signed."""
    seen: set[bytes] = set()
    for reason, changed in _raw_bodies(body):
        if changed not in seen:
            seen.add(changed)
            yield reason, changed


def _raw_bodies(body: bytes) -> Iterator[Variant]:
    yield "", body
    yield "the body has a trailing newline that was not signed", body.rstrip(b"\r\n")
    yield "the body lacks the trailing newline that was signed", body + b"\n"
    yield "the body has spaces or line ends around it that were not signed", body.strip()
    yield "the body's line ends were changed: CRLF was signed as LF", body.replace(b"\r\n", b"\n")
    yield (
        "the body's line ends were changed: LF was signed as CRLF",
        body.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
    )
    yield "the body has a byte order mark that was not signed", body.removeprefix(b"\xef\xbb\xbf")
    yield "an empty body was signed", b""
    document = json_of(body)
    if document is not None:
        yield from _serialised(document)
    try:
        yield "the body was signed before it was put into base64", base64.b64decode(body.strip(), validate=True)
    except ValueError:
        return


def _serialised(document: object) -> Iterator[Variant]:
    """JSON that was read and written again on the way: the usual ways of writing it."""
    why = (
        "the JSON was read and written again after it was signed (or before it got here): sign and check the raw bytes"
    )
    for separators in ((",", ":"), (", ", ": "), None):
        for plain in (False, True):
            for ordered in (False, True):
                try:
                    text = json.dumps(
                        document,
                        separators=separators,
                        ensure_ascii=plain,
                        sort_keys=ordered,
                        indent=None if separators else 2,
                    )
                    yield why, text.encode()
                except (ValueError, RecursionError):
                    continue


def _stamp(form: Form, incoming: Incoming) -> str:
    """The timestamp as far as it can be found, or nothing."""
    if not form.timestamp:
        return ""
    value = (incoming.headers.get(form.timestamp) or ("",))[0]
    if not form.timestamp_prefix:
        return value
    parts = [part.strip(" ") for part in value.split(form.separator)]
    return next((p.removeprefix(form.timestamp_prefix) for p in parts if p.startswith(form.timestamp_prefix)), "")


def _written(form: Form) -> str:
    return f"{form.prefix}<{'hexadecimal digits' if form.encoding == 'hex' else 'base64'}>"
