"""Recalls that were made when making one published it stay published."""

from alembic import command
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.services.migrations import configuration, upgrade
from xinlian.trace.model.recall import Cause, CauseKind
from xinlian.trace.model.standing import RecallState
from xinlian.trace.usecases.ports import OnlyOwn
from xinlian.trace.usecases.recall import Recalls

from tests.trace.plant import NOW, OWNER, Plant, batch, link, vehicle

LOT, SURE = batch("LOT"), vehicle("V1")
BEFORE = "0016"


def test_older_recalls_are_published_and_numbered_as_they_were_made(plant: Plant) -> None:
    plant.must(link(LOT, SURE))
    recalls = Recalls(plant.site, OnlyOwn(), plant.logs)
    cause = (Cause(CauseKind.ITEMS, (LOT.id,)),)
    later, sooner = (recalls.make(OWNER, cause, NOW + at).recall_id for at in (5, 1))
    with begin_write(plant.engine) as connection:
        command.downgrade(configuration(connection), BEFORE)
    upgrade(plant.engine)
    assert [each.standing.recall_id for each in recalls.all(OWNER)] == [later, sooner]
    assert [each.standing.number for each in recalls.all(OWNER)] == [2, 1]
    assert [each.recall_id for each in recalls.naming(OWNER, SURE)] == [later, sooner]
    standing = recalls.standing(OWNER, "1")
    assert standing is not None
    assert [(s.state, s.at_ms) for s in standing.steps] == [
        (RecallState.DRAFT, NOW + 1),
        (RecallState.PUBLISHED, NOW + 1),
    ]
    recalls.go(OWNER, "1", RecallState.CLOSED, "done", NOW + 9)
