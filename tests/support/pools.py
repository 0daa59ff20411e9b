"""A user pool of the tests' own: keys, tokens good and bad, and its key set served over HTTP."""

from __future__ import annotations

import base64
import json
import threading
import time
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import jwt
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm

if TYPE_CHECKING:
    from collections.abc import Iterator

ISSUER: Final = "https://cognito-idp.eu-west-2.amazonaws.com/eu-west-2_pool"
_BITS: Final = {"short": 1024}


@cache
def key(name: str) -> rsa.RSAPrivateKey:
    """A private key; always the same one for a name."""
    return rsa.generate_private_key(public_exponent=65537, key_size=_BITS.get(name, 2048))


def published(*names: str, **fields: Any) -> list[dict[str, Any]]:
    """Public keys as a pool publishes them."""
    return [
        {**json.loads(RSAAlgorithm.to_jwk(key(n).public_key())), "kid": n, "alg": "RS256", "use": "sig", **fields}
        for n in names
    ]


def claims(**fields: Any) -> dict[str, Any]:
    """The claims of a good access token for the client c1; a field that is None is left out."""
    now = int(time.time())
    usual = {
        "sub": "c1",
        "token_use": "access",
        "scope": "crossdock/inventory:read",
        "iss": ISSUER,
        "exp": now + 3600,
        "iat": now,
        "client_id": "c1",
        **fields,
    }
    return {n: v for n, v in usual.items() if v is not None}


def token(
    kid: str = "k1", signed_by: str | None = None, *, headers: dict[str, Any] | None = None, **fields: Any
) -> str:
    """A token under the name of one key, signed by it or by another."""
    signer = key(signed_by or kid)
    return jwt.encode(claims(**fields), signer, algorithm="RS256", headers={"kid": kid, **(headers or {})})


def part(document: object) -> str:
    """A part of a token that is put together by hand."""
    return base64.urlsafe_b64encode(json.dumps(document).encode()).decode().rstrip("=")


class Pool:
    """The key set under an address of its own; `keys` may change, `asked` counts, `status` may be an outage."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.keys: list[dict[str, Any]] = published("k1")
        self.asked = 0
        self.status = 200


@contextmanager
def served() -> Iterator[Pool]:
    """Serves a pool's keys on a loopback socket for as long as the block lasts."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            pool.asked += 1
            body = json.dumps({"keys": pool.keys}).encode()
            self.send_response(pool.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    pool = Pool(f"http://127.0.0.1:{server.server_port}/.well-known/jwks.json")
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield pool
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
