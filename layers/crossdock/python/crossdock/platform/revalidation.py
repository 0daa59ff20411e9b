"""Answers that can be asked for again by their ETag (RFC 9110, 8.8.3 and 13.1.2)."""

import hashlib
from collections.abc import Mapping
from typing import Any

# A private cache may keep the answer, and asks before it uses it again: stock is not to be guessed at.
_CACHE_CONTROL = "private, no-cache"


def revalidated(
    status: int, body: str, if_none_match: str, always: Mapping[str, str], own: Mapping[str, str]
) -> dict[str, Any]:
    """The gateway's answer with a strong ETag; 304 and no body when `if_none_match` names it.

    `own` headers stand over the usual ones: an answer that knows how long it is true says so in its Cache-Control, and
    one that has a version of its own has that for its ETag.
    """
    tag = own.get("ETag") or etag(body)
    headers = {**always, "Cache-Control": _CACHE_CONTROL, "ETag": tag, **own}
    if named(if_none_match, tag):
        return {"statusCode": 304, "headers": headers, "body": "", "isBase64Encoded": False}
    headers = {"Content-Type": "application/json", **headers}
    return {"statusCode": status, "headers": headers, "body": body, "isBase64Encoded": False}


def etag(body: str) -> str:
    """128 bits over the body: equal bytes have equal tags, and others do not."""
    return f'"{hashlib.sha256(body.encode()).hexdigest()[:32]}"'


def named(if_none_match: str, tag: str) -> bool:
    """Whether If-None-Match names this tag: a list of tags, weak ones compared by their text, or `*`."""
    candidates = (candidate.strip().removeprefix("W/") for candidate in if_none_match.split(","))
    return any(candidate in {tag, "*"} for candidate in candidates)
