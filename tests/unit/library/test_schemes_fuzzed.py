"""Whatever is sent, a scheme says accepted, answered or refused: it never fails otherwise, and accepts no forgery."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crossdock.exchange.schemes import SCHEMES, Accepted, Answer, Incoming, SignatureRefusedError, Trust, verify
from crossdock.exchange.schemes.diagnosis import hints
from tests.support.examples import examples
from tests.support.signed import Sample, samples

pytestmark = pytest.mark.unit

ALL = samples()
NAMES = sorted(ALL)
HEADERS = sorted({h for s in ALL.values() for h in s.incoming.headers})

odd_text = st.one_of(
    st.text(max_size=30),
    st.text(st.characters(codec=None), max_size=10),
    st.sampled_from(
        ["", " ", ",", "=", "v1,", "v1=", "t=1,v1=", "sha256=", "1.5", "-0", "٣", "\x00", "A" * 9000, "whsec_"]
    ),
)
odd_bytes = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"", b"{", b"[", b"null", b"[null]", b'{"value":[{}]}', b"\xff\xfe<a/>", b"<a/>", b"<!DOCTYPE a>",
                     b"[" * 3000, b'{"a":' * 3000, b"1" * 5000, b"webhook_id=1", b"\xed\xa0\x80", b"\x00" * 9000]),
)  # fmt: skip
odd_url = st.one_of(
    odd_text, st.sampled_from(["http://[", "https://x/?validationToken=%", "?token=%ff", "//", "https://x/?a=%3a%"])
)


def judged(sample: Sample, incoming: Incoming) -> Accepted | Answer | None:
    try:
        found = verify(sample.scheme, incoming, [sample.secret], sample.now, 300, sample.form)
    except SignatureRefusedError:
        return None
    if isinstance(found, Accepted):
        key = found.delivery_id
        assert 0 < len(key) <= 300
        assert key.isascii()
        assert key.isprintable()
        assert " " not in key
    return found


@given(
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from([*HEADERS, "other"]), st.lists(odd_text, max_size=3).map(tuple), max_size=6),
    odd_bytes,
    odd_url,
    st.sampled_from(["GET", "POST", ""]),
)
@examples(600)
def test_what_strangers_send_is_never_accepted_and_never_an_error(
    name: str, headers: dict[str, tuple[str, ...]], body: bytes, url: str, method: str
) -> None:
    found = judged(ALL[name], Incoming(method, url, headers, body))

    assert not isinstance(found, Accepted)


@given(st.sampled_from(NAMES), st.data())
@examples(600)
def test_a_good_delivery_with_one_thing_changed_is_accepted_only_where_that_is_not_signed(
    name: str, data: st.DataObject
) -> None:
    sample = ALL[name]
    good = sample.incoming
    part = data.draw(st.sampled_from(["body", "url", *sorted(good.headers)]))
    if part == "body":
        changed = replace(good, body=data.draw(odd_bytes))
    elif part == "url":
        changed = replace(good, url=data.draw(odd_url))
    else:
        changed = replace(good, headers={**good.headers, part: (data.draw(odd_text),)})
    found = judged(sample, changed)

    if isinstance(found, Accepted) and changed != good and SCHEMES[name].forms:
        assert part not in {"body", sample.signature, sample.timestamp}
        assert part != "url" or not SCHEMES[name].signs_url


@given(st.sampled_from(NAMES), st.integers(0, 2000), st.integers(0, 255))
@examples(600)
def test_a_good_delivery_with_one_byte_changed_or_cut_off_is_never_an_error(name: str, place: int, byte: int) -> None:
    sample = ALL[name]
    body = bytearray(sample.incoming.body)
    body[place % len(body)] = byte
    for other in (bytes(body), sample.incoming.body[: place % len(body)]):
        found = judged(sample, replace(sample.incoming, body=other))
        if sample.signature and other != sample.incoming.body:
            assert found is None


@given(
    st.sampled_from(NAMES),
    st.dictionaries(st.sampled_from(HEADERS), st.lists(odd_text, max_size=2).map(tuple), max_size=4),
    odd_bytes,
    odd_url,
    odd_text,
)
@examples(150)
def test_looking_for_the_reason_never_fails_either(
    name: str, headers: dict[str, tuple[str, ...]], body: bytes, url: str, secret: str
) -> None:
    sample = ALL[name]
    incoming = Incoming("POST", url, {**sample.incoming.headers, **headers}, body)

    found = hints(name, incoming, Trust([secret, sample.secret], sample.now, 300, sample.form))
    assert all(isinstance(hint, str) and hint for hint in found)
