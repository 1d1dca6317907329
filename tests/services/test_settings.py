"""Settings refuse what would open the services to others or put secrets into files of settings."""

import os
import stat
from pathlib import Path

import pytest
from pydantic import ValidationError
from xinlian.services.settings import (
    Settings,
    SettingsError,
    checkout,
    is_loopback,
    read_secret,
    write_secret,
)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.4", "example.org", "", "::"])
def test_the_api_listens_on_loopback_alone(host: str) -> None:
    with pytest.raises(ValidationError, match="loopback"):
        Settings(api_host=host)
    with pytest.raises(ValidationError, match="loopback"):
        Settings(rpc_url=f"http://{host}:8545")


@pytest.mark.parametrize("host", ["127.0.0.1", "127.8.8.8", "::1", "localhost"])
def test_loopback_has_several_names(host: str) -> None:
    assert is_loopback(host)
    assert Settings(api_host=host).api_host == host


def test_a_database_password_comes_from_a_file(tmp_path: Path) -> None:
    with pytest.raises(ValidationError, match="XINLIAN_DATABASE_PASSWORD_FILE") as refused:
        Settings(database_url="postgresql://xinlian:hunter2@localhost/xinlian")
    assert "hunter2" not in str(refused.value)
    file = tmp_path / "password"
    write_secret(file, "p@ss/word")
    settings = Settings(
        database_url="postgresql://xinlian@localhost/xinlian", database_password_file=file
    )
    assert settings.sqlalchemy_url() == "postgresql://xinlian:p%40ss%2Fword@localhost/xinlian"
    assert "p@ss" not in repr(settings)


def test_secret_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "secret"
    write_secret(file, "one")
    write_secret(file, "two")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert read_secret(file) == "two"
    file.chmod(0o640)
    with pytest.raises(SettingsError, match="chmod 600"):
        read_secret(file)


@pytest.mark.parametrize("content", [b"", b"  \n", b"\xff\xfe"])
def test_a_useless_secret_file_is_refused(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "secret"
    file.write_bytes(content)
    file.chmod(0o600)
    with pytest.raises(SettingsError, match=str(file)):
        read_secret(file)
    with pytest.raises(SettingsError, match="cannot be read"):
        read_secret(tmp_path / "missing")


def test_data_lies_in_the_checkout_by_default(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    for name in [name for name in os.environ if name.startswith("XINLIAN_")]:
        monkeypatch.delenv(name)
    (tmp_path / "xl").touch()
    (tmp_path / "pyproject.toml").touch()
    inner = tmp_path / "finance" / "mappings"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    assert checkout() == tmp_path
    assert Settings().data == tmp_path / ".xl" / "data"
    monkeypatch.setenv("XINLIAN_DATA", str(tmp_path / "elsewhere"))
    assert Settings().data == tmp_path / "elsewhere"
