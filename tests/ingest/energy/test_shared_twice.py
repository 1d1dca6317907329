"""Attempts to share energy out twice, and to keep a posting from being taken back."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine, insert
from xinlian.ledger.adapters.sql.engine import make_engine
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.energy_ledger import EnergyLedger
from xinlian.services.app.energy_meters import EnergyMeters
from xinlian.services.app.energy_tables import postings
from xinlian.services.app.errors import RefusedError
from xinlian.services.app.telemetry_evidence import STREAM
from xinlian.services.app.telemetry_site import TelemetrySites
from xinlian.services.migrations import upgrade

from tests.ingest.energy.test_meter_store import PARTY, QUARTER, START, Clock, asked, ledger, sites
from tests.ingest.evidence.local import LocalEvidence

__all__ = ["ledger", "sites"]


def test_no_name_stands_in_the_way_of_taking_a_posting_back(
    ledger: tuple[Engine, EnergyLedger],
) -> None:
    """A name squatted before answered the reversal with itself, and nothing was taken back."""
    _, book = ledger
    with pytest.raises(RefusedError, match=r"end in \.reversed"):
        book.share(PARTY, asked("p1.reversed", "press", B2=1))
    book.share(PARTY, asked("p1", "air", B1=1))
    book.reverse(PARTY, "p1", "wrong batch")
    assert book.borne(PARTY, "B1") == 0
    # A client that sends again what it did not hear the answer of learns what became of it.
    assert book.share(PARTY, asked("p1", "air", B1=1)).reversed_by == "p1.reversed"


def test_energy_is_shared_out_once_however_many_postings_there_are(
    ledger: tuple[Engine, EnergyLedger],
) -> None:
    engine, book = ledger
    book.share(PARTY, asked("zz", "air", B1=1))
    row = {
        "party": PARTY, "rest": False, "start_us": START, "end_us": START + QUARTER,
        "total_wh": 0, "key": "direct", "reverses": "", "reason": "", "details": "{}", "leaf": 0,
    }  # fmt: skip
    many = [{**row, "posting": f"a{at}", "device": f"other-{at}"} for at in range(10_001)]
    with engine.begin() as connection:
        connection.execute(insert(postings), many)
    with pytest.raises(RefusedError, match="already: take it back first"):
        book.share(PARTY, asked("p2", "air", B2=1))


def test_of_many_who_share_the_same_energy_at_once_one_does(
    postgres_database: str, sites: TelemetrySites
) -> None:
    engine = make_engine(postgres_database)
    upgrade(engine)
    evidence = LocalEvidence(engine)
    book = EnergyLedger(engine, evidence, sites, EnergyMeters(sites, Clock()), Clock())
    evidence.ensure_log(PartyId(PARTY), STREAM)
    together = threading.Barrier(4)

    def share(name: str) -> bool:
        together.wait(10)
        try:
            book.share(PARTY, asked(name, "air", B1=1))
        except RefusedError:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(share, ("p1", "p2", "p3", "p4"))) == 1
    engine.dispose()
