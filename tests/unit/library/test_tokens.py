"""Access tokens: what counts and what does not, held against a key set that is served over HTTP."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from crossdock.identity.tokens import PublishedKeys, TokenRefusedError, Tokens
from crossdock.platform.errors import StoreUnavailableError
from crossdock.platform.outbound import Http
from tests.support import pools
from tests.support.pools import ISSUER, Pool, claims, key, part, published, token

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.unit


class Judge:
    """Tokens judged by what a pool serves, at a time of the test's."""

    def __init__(self, pool: Pool) -> None:
        self.pool = pool
        self.now = 1000.0
        keys = PublishedKeys(pool.url, Http(allow_plain=True).get, lambda: self.now)
        self.tokens = Tokens(ISSUER, keys)

    def why(self, text: str) -> str:
        with pytest.raises(TokenRefusedError) as refused:
            self.tokens.judge(text)
        return refused.value.why


@pytest.fixture
def judge() -> Iterator[Judge]:
    with pools.served() as pool:
        yield Judge(pool)


def test_a_good_token_says_whose_it_is_and_what_for(judge: Judge) -> None:
    end = int(time.time()) + 3600
    scope = "crossdock/inventory:read other/prices:read crossdock/prices:read openid"

    grant = judge.tokens.judge(token(scope=scope, exp=end))

    assert (grant.client, grant.scopes, grant.expires) == ("c1", {"inventory:read", "prices:read"}, end)
    assert judge.tokens.judge(token(scope=None)).scopes == frozenset()
    assert judge.pool.asked == 1


def with_secret_of(name: str, algorithm: str) -> str:
    """Signed with a secret made of the public key, which everybody knows: algorithm confusion."""
    secret = key(name).public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    head, body = part({"alg": algorithm, "kid": name, "typ": "JWT"}), part(claims())
    hs256 = jwt.algorithms.HMACAlgorithm(jwt.algorithms.HMACAlgorithm.SHA256)
    signature = hs256.sign(f"{head}.{body}".encode(), secret)
    return f"{head}.{body}.{jwt.utils.base64url_encode(signature).decode()}"


def tampered(**fields: Any) -> str:
    head, _, signature = token().split(".")
    return f"{head}.{part(claims(**fields))}.{signature}"


NOW = int(time.time())


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (token(iss=ISSUER + "2"), "token-issuer"),
        (token(iss=None), "token-malformed"),
        (token(exp=NOW - 31), "token-expired"),
        (token(exp=None), "token-malformed"),
        (token(exp="soon"), "token-malformed"),
        (token(iat=NOW + 3600), "token-malformed"),
        (token(nbf=NOW + 3600), "token-malformed"),
        (token(token_use="id"), "token-not-for-access"),
        (token(token_use=None), "token-not-for-access"),
        (token(client_id=None), "token-not-for-access"),
        (token(client_id=""), "token-not-for-access"),
        (token(client_id=["c1"]), "token-not-for-access"),
        (token("k2"), "token-key-unknown"),
        (token("k1", signed_by="k2"), "token-signature"),
        (tampered(client_id="c2"), "token-signature"),
        (tampered(scope="crossdock/prices:approve"), "token-signature"),
        (token() + "x", "token-malformed"),
        (token().rpartition(".")[0] + ".", "token-signature"),
        (f"{part({'alg': 'none', 'kid': 'k1'})}.{part(claims())}.", "token-algorithm"),
        (f"{part({'alg': 'NONE', 'kid': 'k1'})}.{part(claims())}.", "token-algorithm"),
        (with_secret_of("k1", "HS256"), "token-algorithm"),
        (with_secret_of("k1", "RS256"), "token-signature"),
        (with_secret_of("k1", "RS384"), "token-algorithm"),
        (f"{part({'alg': ['RS256'], 'kid': 'k1'})}.{part(claims())}.c2ln", "token-algorithm"),
        (f"{part({'alg': 'RS256'})}.{part(claims())}.c2ln", "token-key-unknown"),
        (f"{part({'alg': 'RS256', 'kid': 7})}.{part(claims())}.x", "token-malformed"),
        (f"{part({'alg': 'RS256', 'kid': ['k1']})}.{part(claims())}.x", "token-malformed"),
        (f"{part([])}.{part(claims())}.x", "token-malformed"),
        ("", "token-malformed"),
        ("x", "token-malformed"),
        ("a.b.c", "token-malformed"),
        ("é.é.é", "token-malformed"),
        ("x" * 9000, "token-malformed"),
    ],
)
def test_nothing_else_counts(judge: Judge, text: str, why: str) -> None:
    assert judge.why(text) == why


def test_clocks_may_differ_by_half_a_minute(judge: Judge) -> None:
    now = int(time.time())
    assert judge.tokens.judge(token(exp=now - 20, iat=now + 20)).client == "c1"


# -- keys ----------------------------------------------------------------------------------------------------------


def test_a_new_key_is_found_and_an_unknown_one_is_looked_for_once_a_minute(judge: Judge) -> None:
    judge.tokens.judge(token())
    judge.pool.keys = published("k1", "k2")
    for _ in range(50):
        assert judge.why(token("k2")) == "token-key-unknown"
    assert judge.pool.asked == 1, "a flood of unknown keys asks nobody"

    judge.now += 60
    assert judge.tokens.judge(token("k2")).client == "c1"
    for n in range(50):
        assert judge.why(token("k3", headers={"kid": f"made-up-{n}"})) == "token-key-unknown"
    assert judge.pool.asked == 2


def test_a_key_that_is_no_longer_published_ends_within_the_hour(judge: Judge) -> None:
    judge.tokens.judge(token())
    judge.pool.keys = published("k2")
    judge.now += 3600
    assert judge.tokens.judge(token()).client == "c1"
    judge.now += 1
    assert judge.why(token()) == "token-key-unknown"


@pytest.mark.parametrize("nothing", [{"status": 500}, {"keys": []}, {"keys": [{"kid": "k1"}]}])
def test_keys_that_are_known_outlive_an_outage_of_the_pool(judge: Judge, nothing: dict[str, Any]) -> None:
    judge.tokens.judge(token())
    vars(judge.pool).update(nothing)
    judge.now += 4000
    assert judge.tokens.judge(token()).client == "c1"
    assert judge.why(token("k2")) == "token-key-unknown"
    assert judge.pool.asked == 2


def test_without_any_keys_nobody_is_let_in_and_nobody_is_called_wrong(judge: Judge) -> None:
    judge.pool.status = 503
    for _ in range(20):
        with pytest.raises(StoreUnavailableError):
            judge.tokens.judge(token())
    assert judge.pool.asked == 1
    judge.pool.status, judge.now = 200, judge.now + 5
    assert judge.tokens.judge(token()).client == "c1"


@pytest.mark.parametrize(
    "fields",
    [{"use": "enc"}, {"alg": "RS512"}, {"kty": "oct"}, {"n": "x"}, {"kid": 7}, {"e": None}],
    ids=lambda f: next(iter(f)),
)
def test_a_key_for_something_else_signs_nothing(judge: Judge, fields: dict[str, Any]) -> None:
    judge.pool.keys = [*published("k1", **fields), *published("k2")]
    assert judge.why(token("k1")) == "token-key-unknown"
    assert judge.tokens.judge(token("k2")).client == "c1"


def test_a_short_key_signs_nothing(judge: Judge) -> None:
    judge.pool.keys = published("short", "k1")
    assert judge.why(pools.token("short")) == "token-key-unknown"
