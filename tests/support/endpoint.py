"""A channel's endpoint without a network: it keeps the highest version of each item, as our contract asks of it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

from crossdock.contracts.deliveries import HttpAnswer
from tests.support import conformance

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass
class Endpoint:
    """Answers `answer`, records every post, and holds what it was told.

    A post that is answered with anything but a 2xx was not taken. `held` maps (kind, key) to (version, fields):
    a key is the item, and of a price of another class than "list" the item, @ and the class.
    """

    answer: HttpAnswer = field(default_factory=lambda: HttpAnswer(200))
    posts: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    held: dict[tuple[str, str], tuple[int, dict[str, Any]]] = field(default_factory=dict)
    on_post: Callable[[], None] | None = None
    gets: list[str] = field(default_factory=list)
    get_answer: HttpAnswer | None = None

    def post(self, url: str, headers: Mapping[str, str], body: bytes) -> HttpAnswer:
        self.posts.append((url, dict(headers), body))
        conformance.check_delivery(json.loads(body))
        if self.on_post:
            self.on_post()
        if 200 <= self.answer.status < 300:
            self._take(json.loads(body))
        return self.answer

    def get(self, url: str, headers: Mapping[str, str]) -> HttpAnswer:
        """The digest, reckoned here as the contract says and not by the library."""
        self.gets.append(url)
        if self.get_answer:
            return self.get_answer
        asked = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
        held = {key: one for (kind, key), one in self.held.items() if kind == asked["kind"]}
        if "leaf" in asked:
            items = [
                {"sku": key.partition("@")[0], "version": version, "value": fields}
                for key, (version, fields) in held.items()
                if _leaf(key) == int(asked["leaf"])
            ]
            return HttpAnswer(200, json.dumps({"items": items}).encode())
        sums: dict[int, int] = {}
        for key, (_, fields) in held.items():
            text = json.dumps(fields, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
            digest = hashlib.sha256(f"{key}\n{text}".encode()).hexdigest()
            sums[_leaf(key)] = sums.get(_leaf(key), 0) + int(digest[:16], 16)
        leaves = {str(leaf): f"{total % 2**64:016x}" for leaf, total in sums.items()}
        return HttpAnswer(200, json.dumps({"leaves": leaves}).encode())

    def _take(self, document: dict[str, Any]) -> None:
        listed = json.loads(self.answer.body or b"{}").get("rejected", [])
        refused = {r["sku"] for r in listed if isinstance(r, dict) and "sku" in r}
        kind = document["type"].split(".")[0]
        for item in document["data"].get("items", ()):
            fields = {k: v for k, v in item.items() if k not in {"sku", "version", "correlation_ids"}}
            of_class = item.get("price_class", "list")
            key = item["sku"] if of_class == "list" else f"{item['sku']}@{of_class}"
            before = self.held.get((kind, key), (0, {}))
            assert before[0] != item["version"] or before[1] == fields, "one version has one value"
            if item["sku"] not in refused and item["version"] > before[0]:
                self.held[kind, key] = (item["version"], fields)

        for one in document["data"].get("customers", ()):
            fields = {k: v for k, v in one.items() if k not in {"customer", "version", "correlation_ids"}}
            if one["version"] > self.held.get((kind, one["customer"]), (0, {}))[0]:
                self.held[kind, one["customer"]] = (one["version"], fields)

    @property
    def items(self) -> list[dict[str, Any]]:
        """Every item of every post, in order."""
        return [item for _, _, body in self.posts for item in json.loads(body)["data"]["items"]]


def _leaf(key: str) -> int:
    return int(hashlib.sha256(key.encode()).hexdigest()[:3], 16)
