"""Settings: where data lies, which ports are used, how patient the services are.

Every value comes from an environment variable ``XINLIAN_<NAME>`` or its default. Settings name
files that hold secrets, never secrets themselves; those files are readable by their owner alone.
"""

from __future__ import annotations

import os
import secrets
import stat
from ipaddress import ip_address
from pathlib import Path
from typing import Final, Literal
from urllib.parse import quote, urlsplit

from pydantic import Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

__all__ = [
    "Settings",
    "SettingsError",
    "keep_private",
    "kept_secret",
    "read_secret",
    "write_secret",
]

_OTHERS: Final = stat.S_IRWXG | stat.S_IRWXO


class SettingsError(ValueError):
    """A setting cannot be used; the message says which one and what to do."""


class Settings(BaseSettings):
    """All settings of the services. Times are named with their unit; sizes are bytes."""

    # A refused value may hold a secret: it is not repeated in the error.
    model_config = SettingsConfigDict(
        env_prefix="XINLIAN_", extra="ignore", frozen=True, hide_input_in_errors=True
    )

    data: Path = Field(default_factory=lambda: checkout() / ".xl" / "data")
    """Folder of this network: database, chain journal, keys. One instance may use it at a time."""
    database_url: str | None = None
    """SQLAlchemy URL; default is an SQLite file in ``data``. A password goes to the file below."""
    database_password_file: Path | None = None
    rpc_url: str | None = None
    """The node's gateway; default is what the node in ``data`` wrote down when it started."""
    chain_kind: Literal["embedded", "consortium"] = "embedded"
    """What serves the ledger. An embedded chain never takes a block back: if one is missing, the
    books stand still. Those of a consortium follow its reorganisations."""
    api_host: str = "127.0.0.1"
    api_port: int = Field(default=8440, ge=0, le=65535)
    page_url: str | None = None
    """Address under which people reach the pages behind labels, such as ``https://qr.example.cn``:
    it is printed on labels. Default: the API's own address. The proxy there adds the client to
    X-Forwarded-For: otherwise all strangers share one rate. With ``https`` the cookie of who signs
    in there travels over HTTPS alone."""
    node_port: int = Field(default=0, ge=0, le=65535)
    """Port of the node's gateway when ``up`` starts it; 0 takes a free one."""
    seal_ms: int = Field(default=200, ge=1, le=60_000)
    clock_file: Path | None = None
    """File with one Unix second: the time for everything; for rehearsals. Default: the clock
    that the node of a rehearsal keeps in ``data``, else the system's."""
    cheap_keystores: bool = False
    """Weak key derivation for throw-away keys of demos and tests."""
    web3signer_url: str | None = None
    """A Web3Signer server whose keys sign for parties here, beside the keystore files."""

    body_bytes_max: int = Field(default=1 << 20, ge=1024, le=1 << 26)
    wait_seconds_max: int = Field(default=30, ge=0, le=300)
    rate_per_second: int = Field(default=50, ge=1, le=100_000)
    rate_burst: int = Field(default=100, ge=1, le=100_000)
    order_seconds: int = Field(default=3600, ge=1, le=86_400 * 30)
    """How long an order made here may be executed when the caller names no deadline."""

    evidence_leaves_max: int = Field(default=65_536, ge=1, le=1 << 20)
    """A head of an evidence log is cut when this many records wait ..."""
    evidence_seconds_max: int = Field(default=30, ge=1, le=86_400)
    """... or when the oldest has waited this long."""
    evidence_deadline_seconds: int = Field(default=300, ge=1, le=86_400 * 7)
    """How soon after acceptance a receipt promises that a head on chain covers a record."""

    telemetry_keep_days: int | None = Field(default=None, ge=1, le=36_525)
    """Days that readings are kept in the store; roll-ups stay. Default: for ever."""
    telemetry_clickhouse_url: str | None = None
    """``http://user@host:8123`` of a ClickHouse server that keeps telemetry instead of DuckDB, a
    database for each party (needs the extra ``cluster``)."""
    telemetry_clickhouse_password_file: Path | None = None
    telemetry_clickhouse_cluster: str | None = None
    """Name of the server's cluster, whose tables are then replicated and distributed."""
    bus_user: str | None = None
    """Who we are to the NATS servers that ``--bus`` names, with the password in a file ..."""
    bus_password_file: Path | None = None
    bus_token_file: Path | None = None
    """... or a token in a file; both of mode 0600."""
    bus_ca_file: Path | None = None
    """Authorities for TLS to these servers, if not the system's."""
    bus_key_file: Path | None = None
    """A key that collectors and writers share, at least 32 characters in a file of mode 0600: what
    is not signed with it counts for nothing on the bus."""
    telemetry_memory_mb: int = Field(default=1_024, ge=128, le=1 << 20)
    """Memory that the telemetry store of one party may take."""

    @field_validator("api_host")
    @classmethod
    def _loopback_host(cls, value: str) -> str:
        if not is_loopback(value):
            raise ValueError("XINLIAN_API_HOST must be a loopback address such as 127.0.0.1")
        return value

    @field_validator("rpc_url")
    @classmethod
    def _loopback_url(cls, value: str | None) -> str | None:
        if value is not None and not is_loopback(urlsplit(value).hostname or ""):
            raise ValueError("XINLIAN_RPC_URL must point at a loopback address")
        return value

    @field_validator("database_url")
    @classmethod
    def _no_password(cls, value: str | None) -> str | None:
        if value is not None and urlsplit(value).password:
            raise ValueError(
                "XINLIAN_DATABASE_URL must not carry a password: put the password alone into a "
                "file of mode 0600 and name that in XINLIAN_DATABASE_PASSWORD_FILE"
            )
        return value

    @field_validator("telemetry_clickhouse_url")
    @classmethod
    def _plain_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.password:
            raise ValueError(
                "XINLIAN_TELEMETRY_CLICKHOUSE_URL must not carry a password: put the password "
                "alone into a file of mode 0600 and name that in "
                "XINLIAN_TELEMETRY_CLICKHOUSE_PASSWORD_FILE"
            )
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("XINLIAN_TELEMETRY_CLICKHOUSE_URL must be like https://user@host:8443")
        return value

    @model_validator(mode="after")
    def _one_identity(self) -> Settings:
        named = self.bus_user is not None
        if named != (self.bus_password_file is not None) or (named and self.bus_token_file):
            raise ValueError(
                "say once who you are to the bus: XINLIAN_BUS_USER with XINLIAN_BUS_PASSWORD_FILE, "
                "or XINLIAN_BUS_TOKEN_FILE"
            )
        return self

    @field_validator("data")
    @classmethod
    def _absolute(cls, value: Path) -> Path:
        return value.expanduser().absolute()

    @property
    def pages(self) -> str:
        """The address of the pages."""
        return self.page_url or f"http://{self.api_host}:{self.api_port}"

    @property
    def pages_over_https(self) -> bool:
        """Whether people reach the pages over HTTPS."""
        return self.pages.lower().startswith("https://")

    def clickhouse_dsn(self) -> str | None:
        """The URL of ClickHouse with its password filled in."""
        if self.telemetry_clickhouse_url is None or self.telemetry_clickhouse_password_file is None:
            return self.telemetry_clickhouse_url
        parts = urlsplit(self.telemetry_clickhouse_url)
        password = quote(read_secret(self.telemetry_clickhouse_password_file), safe="")
        place = f"{parts.username or 'default'}:{password}@{parts.netloc.rpartition('@')[2]}"
        return parts._replace(netloc=place).geturl()

    @property
    def node_dir(self) -> Path:
        """Folder of the node: journal, snapshots, endpoint and token files."""
        return self.data / "node"

    @property
    def keys_dir(self) -> Path:
        """Folder of the keystores."""
        return self.data / "keys"

    @property
    def telemetry_dir(self) -> Path:
        """Folder of telemetry, a folder for each party: logs of its collectors, its store."""
        return self.data / "telemetry"

    @property
    def secrets_dir(self) -> Path:
        """Folder of files that hold one secret each."""
        return self.data / "secrets"

    @property
    def clock_path(self) -> Path | None:
        """The file that has the time: the one named, a rehearsal's own, or none (real time)."""
        own = self.node_dir / "clock"
        return self.clock_file or (own if own.exists() else None)

    def sqlalchemy_url(self) -> str:
        """The database's URL with its password filled in."""
        if self.database_url is None:
            return f"sqlite:///{self.data / 'xinlian.sqlite3'}"
        if self.database_password_file is None:
            return self.database_url
        from sqlalchemy.engine import make_url

        password = read_secret(self.database_password_file)
        url = make_url(self.database_url).set(password=password)
        return url.render_as_string(hide_password=False)


def checkout() -> Path:
    """The checkout that holds the current folder, or else the current folder itself."""
    here = Path.cwd()
    for folder in (here, *here.parents):
        if (folder / "xl").is_file() and (folder / "pyproject.toml").is_file():
            return folder
    return here


def is_loopback(host: str) -> bool:
    """Whether a host name or address is this machine's loopback."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


def keep_private(folder: Path) -> None:
    """Make the folder if there is none, and let its owner alone look into it and into whatever this
    process makes from now on: databases and logs are made by libraries, with the process's mask.

    Raises ``SettingsError`` where others can look in and that cannot be changed.
    """
    os.umask(0o077)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    mode = folder.stat().st_mode
    if mode & stat.S_ISVTX:
        raise SettingsError(
            f"{folder} is a folder that all users share: choose one of its own with XINLIAN_DATA"
        )
    if not mode & _OTHERS:
        return
    try:
        folder.chmod(0o700)
        mode = folder.stat().st_mode
    except OSError as exc:
        raise SettingsError(
            f"the data folder {folder} cannot be made private ({exc.strerror}): make it yours and "
            f"'chmod 700 {folder}', or choose another with XINLIAN_DATA"
        ) from exc
    if mode & _OTHERS:
        raise SettingsError(
            f"the data folder {folder} stays open to other users whatever its mode is set to: "
            "choose one on a file system that keeps modes, with XINLIAN_DATA"
        )


def write_secret(path: Path, secret: str) -> None:
    """Write a secret into a file that only its owner can read; an older file is replaced."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(secret + "\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def kept_secret(path: Path) -> bytes:
    """The 32 random bytes kept in a secret file; made at the first call."""
    if not path.exists():
        write_secret(path, secrets.token_hex(32))
    return bytes.fromhex(read_secret(path))


def read_secret(path: Path) -> str:
    """Read a secret file; refuses one that others may read. Raises ``SettingsError``."""
    try:
        mode = path.stat().st_mode
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as exc:
        raise SettingsError(f"the secret file {path} cannot be read: {exc}") from exc
    if mode & _OTHERS:
        raise SettingsError(f"the secret file {path} is open to others: chmod 600 {path}")
    if not text:
        raise SettingsError(f"the secret file {path} is empty")
    return text
