"""How a connection is set up."""

from xinlian.ledger.adapters.sql.engine import make_engine


def test_postgresql_plans_without_compiling_and_for_a_disk_without_a_head(
    postgres_url: str,
) -> None:
    engine = make_engine(postgres_url)
    with engine.connect() as first:
        first.rollback()  # what was set stays set
        for name, value in (("jit", "off"), ("random_page_cost", "1.1")):
            assert first.exec_driver_sql(f"SHOW {name}").scalar_one() == value
    engine.dispose()
