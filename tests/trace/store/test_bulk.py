"""Whatever an id looks like, it is found again."""

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine
from xinlian.ledger.adapters.sql.engine import begin_write
from xinlian.trace.adapters.sql.items import ItemTable
from xinlian.trace.model.items import WORLD, ItemId, ItemType

TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8)
ODD = [
    '"',
    "\\",
    '\\"',
    "{}",
    "NULL",
    "null",
    "",
    " a ",
    "a,b",
    "'",
    "%s",
    "?",
    "批次",
    "\n",
    "{1,2}",
]


@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(names=st.lists(TEXTS | st.sampled_from(ODD), max_size=12))
def test_ids_are_found_by_their_text(engine: Engine, names: list[str]) -> None:
    ids = [ItemId(WORLD, ItemType.SERIAL, name) for name in (*names, *ODD)]
    with begin_write(engine) as connection:
        table = ItemTable(connection)
        numbers, _ = table.number_all(ids)
        assert table.numbers(ids) == numbers
        assert set(table.ids(numbers.values()).values()) == set(ids)
        for each in ids:
            assert each in table.find(each.id)
