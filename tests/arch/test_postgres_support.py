"""The PostgreSQL that the tests use is a real one of the version that the product names."""

from sqlalchemy import create_engine, text


def test_a_database_of_the_named_version_answers(postgres_url: str) -> None:
    engine = create_engine(postgres_url)
    with engine.connect() as connection:
        version = connection.scalar(text("SHOW server_version_num"))
        encoding = connection.scalar(text("SHOW server_encoding"))
    engine.dispose()
    assert str(version).startswith("15")
    assert encoding == "UTF8"


def test_every_test_gets_an_empty_database(postgres_database: str, postgres_url: str) -> None:
    assert postgres_database != postgres_url
    engine = create_engine(postgres_database)
    with engine.connect() as connection:
        tables = connection.scalar(
            text("SELECT count(*) FROM information_schema.tables WHERE table_schema = 'public'")
        )
    engine.dispose()
    assert tables == 0
