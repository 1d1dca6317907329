"""Who may import at once: a party once, few in all, and a place is free again however it ended."""

import pytest
from xinlian.ledger.model.ids import PartyId
from xinlian.services.app.errors import Code, RefusedError
from xinlian.services.app.imports import Places

ONE, TWO, THREE = PartyId(1), PartyId(2), PartyId(3)


def refused(places: Places, party: PartyId) -> Code:
    with pytest.raises(RefusedError) as caught, places.of(party):
        pass
    return caught.value.code


def test_a_party_imports_once_at_a_time_and_few_do_in_all() -> None:
    places = Places(2)
    with places.of(ONE):
        assert refused(places, ONE) is Code.RATE_LIMITED
        with places.of(TWO):
            assert refused(places, THREE) is Code.UNAVAILABLE
        with places.of(THREE):
            assert refused(places, ONE) is Code.RATE_LIMITED
    with places.of(ONE):
        pass


def test_an_import_that_fails_gives_its_place_back() -> None:
    places = Places(1)
    with pytest.raises(ValueError, match="no file"), places.of(ONE):
        raise ValueError("no file")
    with places.of(TWO):
        pass
