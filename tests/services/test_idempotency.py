"""Idempotency keys: the same content again, other content, and a crash in between."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.bootstrap import Store

CONTENT = {"piece": 65536, "amount_fen": 5, "to": 3}


def test_the_same_content_under_a_key_is_the_same_operation(store: Store) -> None:
    first = store.keys.claim(7, "k1", "transfer", CONTENT)
    assert first.fresh
    store.keys.settle(first, "digest")
    again = store.keys.claim(7, "k1", "transfer", dict(reversed(CONTENT.items())))
    assert (again.fresh, again.reference) == (False, "digest")


@pytest.mark.parametrize(
    ("operation", "content", "field"),
    [
        ("transfer", {**CONTENT, "to": 4}, "to"),
        ("transfer", {**CONTENT, "amount_fen": 6, "to": 4}, "amount_fen"),
        ("transfer", {**CONTENT, "back": True}, "back"),
        ("transfer", {"piece": 65536, "amount_fen": 5}, "to"),
        ("merge", CONTENT, "operation"),
    ],
)
def test_other_content_is_refused_and_the_field_named(
    store: Store, operation: str, content: dict[str, int], field: str
) -> None:
    store.keys.claim(7, "k1", "transfer", CONTENT)
    with pytest.raises(RefusedError) as refused:
        store.keys.claim(7, "k1", operation, content)
    assert refused.value.code is Code.IDEMPOTENCY_CONFLICT
    assert refused.value.fields["field"] == field


def test_parties_have_keys_of_their_own(store: Store) -> None:
    assert store.keys.claim(7, "k1", "transfer", CONTENT).fresh
    assert store.keys.claim(8, "k1", "merge", {}).fresh
    assert store.keys.claim(0, "k1", "merge", {}).fresh


def test_after_a_crash_the_next_try_goes_on_from_the_plan(store: Store) -> None:
    claim = store.keys.claim(7, "k1", "transfer", CONTENT)
    assert store.keys.fix_plan(claim, {"nonce": "1"}) == {"nonce": "1"}
    again = store.keys.claim(7, "k1", "transfer", CONTENT)
    assert (again.fresh, again.plan, again.reference) == (False, {"nonce": "1"}, None)
    # Two at once: the first plan stands.
    assert store.keys.fix_plan(again, {"nonce": "2"}) == {"nonce": "1"}


def test_a_refused_operation_gives_its_key_back_but_not_a_settled_one(store: Store) -> None:
    claim = store.keys.claim(7, "k1", "transfer", CONTENT)
    store.keys.drop(claim)
    claim = store.keys.claim(7, "k1", "merge", {})
    assert claim.fresh
    store.keys.settle(claim, "digest")
    store.keys.drop(claim)
    assert store.keys.claim(7, "k1", "merge", {}).reference == "digest"


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(key=st.text(max_size=70))
def test_keys_are_short_and_plain(store: Store, key: str) -> None:
    plain = 1 <= len(key) <= 64 and all(
        (char.isascii() and char.isalnum()) or char in "._:-" for char in key
    )
    if plain:
        store.keys.drop(store.keys.claim(7, key, "transfer", {}))
    else:
        with pytest.raises(RefusedError) as refused:
            store.keys.claim(7, key, "transfer", {})
        assert refused.value.code is Code.IDEMPOTENCY_KEY_MALFORMED
