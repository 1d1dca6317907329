"""What is ClickHouse's own: answers that are lost, and what a cluster is told."""

import pyarrow as pa
import pytest
from clickhouse_connect.driver.exceptions import Error
from xinlian.ingest.adapters.store.arrow import Numbers, batches
from xinlian.ingest.adapters.store.clickhouse import ClickStore, open_clickhouse
from xinlian.ingest.adapters.store.clickhouse.ddl import Layout
from xinlian.ingest.adapters.store.clickhouse.writing import number_of
from xinlian.ingest.model.query import Roll, Window
from xinlian.ingest.usecases.store_ports import NOTHING, StoreError

from tests.ingest.store.made import START, WIDE, frame
from tests.support.clickhouse_shim import lose_next_insert

REQUEST = Window(device="mill", tags=("volts",), start_us=START, end_us=START + 10_000_000)


def _break(store: ClickStore, monkeypatch: pytest.MonkeyPatch, table: str) -> None:
    """The next insert into a table is carried out, and its answer does not come."""
    real = store._client.insert_arrow

    def insert(name: str, *args: object, **more: object) -> None:
        real(name, *args, **more)
        if name.startswith(table):
            monkeypatch.undo()
            raise Error("no answer")

    monkeypatch.setattr(store._client, "insert_arrow", insert)


@pytest.mark.parametrize("lost", ["w_", "q_all", "xl_streams", "xl_held"])
def test_an_append_whose_answer_is_lost_is_stored_once(
    clickhouse_server: str, monkeypatch: pytest.MonkeyPatch, lost: str
) -> None:
    name = f"lost_{lost}".rstrip("_")
    entries = [
        (number, [frame("mill", [START + number], first=number, quality=[[1], [0]])])
        for number in range(3)
    ]
    with_more = [*entries, (3, [frame("mill", [START + 3], first=3)])]
    store = open_clickhouse(clickhouse_server, database=name, durable=False)
    try:
        _break(store, monkeypatch, lost)
        with pytest.raises(StoreError, match="no answer"):
            store.append_many("s", entries)
        store.close()
        store = open_clickhouse(clickhouse_server, database=name, durable=False)
        assert store.applied("s") == NOTHING
        if lost != "xl_held":  # then nothing had begun
            assert store.unfinished("s") == 2
            with pytest.raises(StoreError, match="up to 2"):
                store.append_many("s", entries[:2])
        assert store.append_many("s", with_more) == 3
        assert store.unfinished("s") is None
        assert store.window(REQUEST)[0].values.tolist() == [0.0, 0.5, 1.0, 1.5]
        assert store.window(REQUEST)[0].quality.tolist() == [1, 1, 1, 0]
        assert store.status().rows == 4
    finally:
        store.close()


def test_a_connection_that_breaks_after_the_insert_stores_once(clickhouse_server: str) -> None:
    """The client may send again by itself, or give up: both end in one copy."""
    store = open_clickhouse(clickhouse_server, database="broken", durable=False)
    try:
        lose_next_insert(clickhouse_server, "w_")
        try:
            store.append("s", 0, [frame("mill", [START])])
        except StoreError:
            assert store.unfinished("s") == 0
            assert store.append("s", 0, [frame("mill", [START])])
        assert store.window(REQUEST)[0].times_us.tolist() == [START]
    finally:
        store.close()


def test_a_server_that_is_away_is_told_in_both_languages() -> None:
    with pytest.raises(StoreError, match="cannot be used") as caught:
        open_clickhouse("http://127.0.0.1:9")
    assert "ClickHouse" in caught.value.zh


def test_the_words_for_a_cluster_replicate_and_distribute() -> None:
    layout = Layout("plant", "xinlian")
    rows = batches([frame("mill", [START])], Numbers(number_of, number_of, pa.int64(), pa.int64()))[
        0
    ]
    local, whole = layout.readings(rows.source, rows.rows.schema)
    name = f"w_{WIDE.digest[:16]}_0"
    assert f'"plant"."{name}_local" ON CLUSTER "xinlian"' in local
    assert "ReplicatedMergeTree('/clickhouse/tables/{shard}/{database}/{table}'" in local
    assert "PARTITION BY intDiv(_t, 86400000000) ORDER BY (_device, _t)" in local
    assert f'Distributed("xinlian", "plant", "{name}_local", _device)' in whole
    assert all('ON CLUSTER "xinlian"' in statement for statement in layout.begin())
    assert sum("/clickhouse/tables/all/" in statement for statement in layout.begin()) == 9
    assert len(layout.roll(Roll.H1)) == 2
    assert layout.local("n_all") == '"plant"."n_all_local"'


@pytest.mark.parametrize("word", ["", "a b", 'a"; DROP', "x" * 64])
def test_names_of_databases_and_clusters_are_checked(word: str) -> None:
    with pytest.raises(StoreError):
        Layout(word)
    with pytest.raises(StoreError):
        Layout("plant", word or " ")
