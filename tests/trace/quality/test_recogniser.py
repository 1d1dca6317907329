"""Recognition in SQL, with real signatures: both sides sign the same bytes, or nothing happens."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_write, make_engine
from xinlian.ledger.chain.signer import LocalSigner
from xinlian.ledger.model.evidence.canonical import canonical
from xinlian.ledger.model.ids import Address
from xinlian.ledger.model.orders import Domain
from xinlian.trace.adapters.quality.recognition_store import SqlRecognitions
from xinlian.trace.adapters.quality.signatures import AccountSignatures, Signatories
from xinlian.trace.adapters.quality.tables import POINTS, STEPS
from xinlian.trace.model.quality.errors import QualityError
from xinlian.trace.model.quality.recognition import Action, State
from xinlian.trace.model.quality.recognition_terms import Terms
from xinlian.trace.usecases.quality.ports import PointKey
from xinlian.trace.usecases.quality.recognising import (
    ACKNOWLEDGED,
    DOMAIN,
    PROPOSALS_MAX,
    Recogniser,
    StepAsked,
    suspend_broken,
)

from tests.trace.quality.test_recognition import GOOD, NOW

KEY = PointKey(7, 9, "CP-1")
SUPPLIER, CUSTOMER, STRANGER = (LocalSigner(bytes([number]) * 32) for number in (1, 2, 3))
ACCOUNTS = {7: [SUPPLIER.address], 9: [CUSTOMER.address]}
NETWORK = Domain(71, Address(b"\x05" * 20))


def _signatories(party: int) -> Signatories:
    return Signatories(ACCOUNTS[party], 1)


@pytest.fixture(params=["sqlite", "postgres"])
def engine(request: pytest.FixtureRequest, tmp_path: Any) -> Iterator[Engine]:
    if request.param == "postgres":
        url = request.getfixturevalue("postgres_database")
    else:
        url = f"sqlite:///{tmp_path}/recognition.db"
    made = make_engine(url)
    POINTS.metadata.create_all(made, tables=[POINTS, STEPS])
    yield made
    made.dispose()


class Network:
    """A recogniser over one transaction after another, and what it told the evidence log."""

    def __init__(self, engine: Engine, domain: Domain = NETWORK) -> None:
        self.engine = engine
        self.domain = domain
        self.told: list[tuple[int, Mapping[str, Any]]] = []

    def _recogniser(self, connection: Any) -> Recogniser:
        signatures = AccountSignatures(_signatories)
        return Recogniser(self.domain, SqlRecognitions(connection), signatures, self._sink)

    def _sink(self, party: int, record: Mapping[str, Any]) -> None:
        self.told.append((party, record))

    def propose(self, signers: Mapping[int, LocalSigner], point: str = KEY.point) -> State:
        return self.take(Action.PROPOSE, signers, key=KEY._replace(point=point))

    def take(
        self,
        action: Action,
        signers: Mapping[int, LocalSigner],
        key: PointKey = KEY,
        at_ms: int = NOW,
        now_ms: int = NOW,
        **more: Any,
    ) -> State:
        asked = StepAsked(key, action, at_ms, "bore", Terms(), **more)
        with begin_write(self.engine) as connection:
            one = self._recogniser(connection)
            draft = one.draft(asked)
            signed = {party: [each.sign(draft.preimage)] for party, each in signers.items()}
            return one.take(asked, signed, now_ms).state

    def supervise(self, **change: Any) -> Any:
        standing = replace(GOOD, **change)
        with begin_write(self.engine) as connection:
            return suspend_broken(SqlRecognitions(connection), self._sink, KEY, standing, NOW)

    def log_of(self, party: int) -> list[dict[str, Any]]:
        return [dict(record) for one, record in self.told if one == party]

    def stored(self) -> tuple[State, list[Mapping[str, Any]]]:
        with begin_write(self.engine) as connection:
            store = SqlRecognitions(connection)
            found = store.find(KEY)
            assert found is not None
            assert [found] == list(store.listed(7)) == list(store.listed(9, found.state))
            assert list(store.listed(8)) == []
            return found.state, list(store.steps(KEY))


BOTH = {7: SUPPLIER, 9: CUSTOMER}


def test_the_life_of_a_point_in_the_database(engine: Engine) -> None:
    network = Network(engine)
    assert network.propose({7: SUPPLIER}) is State.PROPOSED
    assert network.take(Action.BEGIN_TRIAL, BOTH) is State.TRIAL
    assert network.take(Action.RECOGNISE, BOTH, standing=GOOD) is State.RECOGNISED
    assert network.supervise() is None
    assert network.supervise(cpk=Decimal("0.9")).after.state is State.SUSPENDED
    state, steps = network.stored()
    assert state is State.SUSPENDED
    assert [one["to"] for one in steps] == ["proposed", "trial", "recognised", "suspended"]
    assert network.log_of(7) == steps
    acknowledged, *rest = network.log_of(9)
    assert rest == steps[1:]
    assert acknowledged["record"] == steps[0]
    assert acknowledged["event_time"] == steps[1]["event_time"]


def test_what_was_signed_is_the_record_without_its_signatures(engine: Engine) -> None:
    network = Network(engine)
    network.propose({9: CUSTOMER})
    (record,) = network.stored()[1]
    bare = {name: one for name, one in record.items() if name not in {"agreed", "signatures"}}
    preimage = DOMAIN + NETWORK.separator + canonical(bare)
    signature = bytes.fromhex(record["signatures"][0]["signature"])
    assert AccountSignatures(_signatories).signed(9, preimage, [signature])


@pytest.mark.parametrize(
    ("signers", "said"),
    [
        ({7: SUPPLIER}, "signature of both"),
        ({7: SUPPLIER, 9: STRANGER}, "party 9 did not sign this step"),
        ({7: SUPPLIER, 9: SUPPLIER}, "party 9 did not sign this step"),
        ({7: SUPPLIER, 9: CUSTOMER, 8: STRANGER}, "party 8 is not a side"),
    ],
)
def test_a_wrong_or_missing_signature_changes_nothing(
    engine: Engine, signers: Mapping[int, LocalSigner], said: str
) -> None:
    network = Network(engine)
    network.propose({7: SUPPLIER})
    with pytest.raises(QualityError, match=said):
        network.take(Action.BEGIN_TRIAL, signers)
    assert network.stored()[0] is State.PROPOSED
    assert network.log_of(9) == []


def test_a_signature_for_one_step_does_not_carry_another(engine: Engine) -> None:
    network = Network(engine)
    network.propose({7: SUPPLIER})
    trial = StepAsked(KEY, Action.BEGIN_TRIAL, NOW)
    with begin_write(engine) as connection:
        one = network._recogniser(connection)
        draft = one.draft(trial)
        signed = {party: [each.sign(draft.preimage)] for party, each in BOTH.items()}
        with pytest.raises(QualityError, match="did not sign this step"):
            one.take(replace(trial, at_ms=NOW + 1), signed, NOW)
        malformed = {7: [signed[7][0][:-1]], 9: [b""]}
        with pytest.raises(QualityError, match="did not sign this step"):
            one.take(trial, malformed, NOW)


@pytest.mark.parametrize("other", [Domain(72, NETWORK.address), Domain(71, Address(b"\x06" * 20))])
def test_a_signature_counts_on_one_network_alone(engine: Engine, other: Domain) -> None:
    asked = StepAsked(KEY, Action.PROPOSE, NOW, "bore", Terms())
    with begin_write(engine) as connection:
        one = Network(engine)._recogniser(connection)
        signed = {7: [SUPPLIER.sign(one.draft(asked).preimage)]}
        with pytest.raises(QualityError, match="on this network"):
            Network(engine, other)._recogniser(connection).take(asked, signed, NOW)
        assert one.take(asked, signed, NOW).state is State.PROPOSED


@pytest.mark.parametrize(
    ("who", "enough"),
    [
        ([SUPPLIER, STRANGER], True),
        ([STRANGER, SUPPLIER], True),
        ([SUPPLIER], False),
        ([SUPPLIER, SUPPLIER], False),
        ([SUPPLIER, CUSTOMER], False),
        ([SUPPLIER, STRANGER, CUSTOMER], False),
    ],
)
def test_a_party_signs_with_as_many_accounts_as_its_orders_need(
    who: list[LocalSigner], enough: bool
) -> None:
    two = AccountSignatures(lambda _: Signatories([SUPPLIER.address, STRANGER.address], 2))
    assert two.signed(7, b"step", [one.sign(b"step") for one in who]) is enough
    assert not AccountSignatures(lambda _: None).signed(7, b"step", [SUPPLIER.sign(b"step")])


def test_a_point_is_proposed_once_and_must_exist(engine: Engine) -> None:
    network = Network(engine)
    with pytest.raises(QualityError, match="no control point CP-1"):
        network.take(Action.BEGIN_TRIAL, BOTH)
    network.propose({7: SUPPLIER})
    with pytest.raises(QualityError, match="is there already"):
        network.propose({7: SUPPLIER})


def test_a_step_that_another_one_overtook_is_refused(engine: Engine) -> None:
    network = Network(engine)
    network.propose({7: SUPPLIER})
    with begin_write(engine) as connection:
        store = SqlRecognitions(connection)
        found = store.find(KEY)
        assert found is not None
        with pytest.raises(QualityError, match="has moved meanwhile"):
            store.move(found, {"schema": "x"})


def test_nobody_writes_into_the_log_of_another_side(engine: Engine) -> None:
    network = Network(engine)
    network.propose({9: CUSTOMER})
    assert network.log_of(7) == []
    network.take(Action.BEGIN_TRIAL, BOTH)
    network.take(Action.SUSPEND, {9: CUSTOMER}, at_ms=NOW + 60_000, reason="flood")
    assert [one["to"] for one in network.log_of(7)[1:]] == ["trial"]
    network.take(Action.RESUME, BOTH, at_ms=NOW + 120_000)
    told = network.log_of(7)
    assert [one["schema"] for one in told[2:]] == [ACKNOWLEDGED, "mutual-recognition/1"]
    # Each side's log tells of every step in the end, the other side's own with its signature.
    whole = [one.get("record", one) for one in told]
    assert whole == network.stored()[1]
    assert whole[2]["reason"] == "flood"
    assert [one["party"] for one in whole[2]["signatures"]] == [9]


DAY = 86_400_000


@pytest.mark.parametrize(
    ("away_ms", "alone", "both"),
    [
        (0, True, True),
        (-240_000, True, True),
        (-600_000, False, True),
        (-8 * DAY, False, False),
        (600_000, False, False),
        (250_000_000_000_000, False, False),
    ],
)
def test_a_step_names_a_moment_near_the_servers(
    engine: Engine, away_ms: int, alone: bool, both: bool
) -> None:
    for taken, signers in ((alone, {9: CUSTOMER}), (both, BOTH)):
        network = Network(engine)
        key = KEY._replace(point=f"CP-{len(signers)}")
        if taken:
            network.take(Action.PROPOSE, signers, key=key, at_ms=NOW, now_ms=NOW - away_ms)
            continue
        with pytest.raises(QualityError, match="at most 5 minutes"):
            network.take(Action.PROPOSE, signers, key=key, at_ms=NOW, now_ms=NOW - away_ms)
        assert network.told == []


def test_open_proposals_between_two_parties_are_bounded(engine: Engine) -> None:
    network = Network(engine)
    for number in range(PROPOSALS_MAX):
        network.propose({9: CUSTOMER}, f"CP-{number}")
    with pytest.raises(QualityError, match="are open"):
        network.propose({9: CUSTOMER}, "one more")
    network.take(Action.BEGIN_TRIAL, BOTH)
    network.propose({9: CUSTOMER}, "one more")
