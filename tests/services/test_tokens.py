"""Tokens: shown once, kept as a hash, limited in what, for whom and how long."""

import hashlib
import re

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.actors import Scope
from xinlian.services.app.tables import tokens as table
from xinlian.services.app.tokens import TokenError
from xinlian.services.bootstrap import Store

from tests.services.conftest import StandingClock

PARTY = PartyId(7)
READ_SIGN = Scope.READ | Scope.SIGN


def test_a_token_is_known_again_by_its_text_alone(store: Store) -> None:
    made = store.tokens.create(party=PARTY, scopes=READ_SIGN, label="desk 1")
    assert re.fullmatch(r"xlt_[a-z0-9]{12}_[a-z0-9]{50}", made.text)
    found = store.tokens.verify(made.text)
    assert found is not None
    assert (found.id, found.party, found.scopes) == (made.token.id, PARTY, READ_SIGN)


def test_only_the_hash_of_the_secret_is_kept(store: Store) -> None:
    made = store.tokens.create(party=PARTY, scopes=Scope.READ, label="desk 1")
    secret = made.text.rsplit("_", 1)[1]
    with store.engine.connect() as connection:
        row = connection.execute(select(table)).one()
    assert bytes(row.secret_hash) == hashlib.sha256(secret.encode()).digest()
    assert secret not in repr(row)
    files = [path.read_bytes() for path in store.settings.data.iterdir() if path.is_file()]
    assert not any(secret.encode() in content for content in files)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: text + "a",
        lambda text: text[:-1] + ("a" if text[-1] != "a" else "b"),
        lambda text: "xlt_" + "a" * 12 + text[16:],
        lambda text: text.upper(),
        lambda text: text.replace("xlt_", "xlt-", 1),
        lambda text: " " + text,
        lambda text: text + "\n",
        lambda _: "",
        lambda _: "xlt__",
    ],
)
def test_a_token_that_is_off_by_anything_is_no_token(store: Store, spoil) -> None:  # type: ignore[no-untyped-def]
    made = store.tokens.create(party=PARTY, scopes=Scope.READ, label="desk 1")
    assert store.tokens.verify(spoil(made.text)) is None


def test_a_token_ends_with_its_time(store: Store, clock: StandingClock) -> None:
    made = store.tokens.create(party=PARTY, scopes=Scope.READ, label="desk 1", days=2)
    clock.time += 2 * 86_400 - 1
    assert store.tokens.verify(made.text) is not None
    clock.time += 1
    assert store.tokens.verify(made.text) is None


def test_a_revoked_token_ends_at_once_and_for_good(store: Store, clock: StandingClock) -> None:
    made = store.tokens.create(party=PARTY, scopes=Scope.READ, label="desk 1")
    first = store.tokens.revoke(made.token.id)
    assert first is not None
    clock.time += 5
    again = store.tokens.revoke(made.token.id)
    assert again is not None
    assert again.revoked_at == first.revoked_at == clock.time - 5
    assert store.tokens.verify(made.text) is None
    assert store.tokens.revoke("nobodysowns1") is None


def test_last_use_is_noted_once_a_minute(store: Store, clock: StandingClock) -> None:
    made = store.tokens.create(party=PARTY, scopes=Scope.READ, label="desk 1")
    seen = []
    for seconds in (0, 30, 31):
        clock.time += seconds
        store.tokens.verify(made.text)
        seen.append(store.tokens.listed()[0].last_used_at)
    assert seen == [clock.time - 61, clock.time - 61, clock.time]


@pytest.mark.parametrize(
    ("party", "scopes", "days", "label"),
    [
        (None, Scope.SIGN, 1, "x"),
        (None, Scope.READ | Scope.SIGN | Scope.ADMIN, 1, "x"),
        (PARTY, Scope.ADMIN, 1, "x"),
        (PARTY, Scope(0), 1, "x"),
        (PARTY, Scope.READ, 0, "x"),
        (PARTY, Scope.READ, 367, "x"),
        (PARTY, Scope.READ, 1, ""),
        (PARTY, Scope.READ, 1, "x" * 81),
    ],
)
def test_tokens_that_must_not_be_are_not_made(
    store: Store, party: PartyId | None, scopes: Scope, days: int, label: str
) -> None:
    with pytest.raises(TokenError):
        store.tokens.create(party=party, scopes=scopes, label=label, days=days)
    assert store.tokens.listed() == []


@pytest.mark.parametrize("scopes", range(16))
def test_the_database_itself_lets_no_platform_token_sign(store: Store, scopes: int) -> None:
    row = {"id": "a" * 12, "secret_hash": b"0" * 32, "party": None, "scopes": scopes}
    row |= {"label": "x", "created_at": 0, "expires_at": 1}
    signs = bool(scopes & Scope.SIGN)
    with store.engine.connect() as connection:
        if signs:
            with pytest.raises(IntegrityError):
                connection.execute(insert(table).values(row))
        else:
            connection.execute(insert(table).values(row))


def test_scopes_have_words() -> None:
    assert Scope.of(["read", "sign"]).words == ["read", "sign"]
    with pytest.raises(KeyError):
        Scope.of(["everything"])
