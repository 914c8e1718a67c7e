"""What an operator can set: one TOML file, every key with a unit, a default and a reason.

Rule 1: an unknown key, a wrong type or a value out of bounds is refused with its path and what would be right.
Rule 2: secrets are never values here, only paths of files that hold them.
"""

from __future__ import annotations

import pathlib
import tomllib

import msgspec

from netloom.app.cloud.patience import PATIENCE
from netloom.base.errors import InvalidInput
from netloom.store.patience import TIMEOUTS

STATE = "/var/lib/netloom"
RUN = "/run/netloom"
LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost"})


class ApiSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The REST API's doors and bounds."""

    socket: str = f"{RUN}/netloomd.sock"
    """Unix socket; who may open the file may do everything. Empty: none."""
    socket_mode: int = 0o660
    listen: str = "127.0.0.1:7660"
    """ADDRESS:PORT for HTTP with a bearer token. Empty: none. Not public by default."""
    token_file: str = f"{STATE}/admin.token"
    """Holds the administrator's token; made at first start with mode 0600."""
    tls_certificate: str = ""
    tls_key: str = ""
    """PEM files; with them `listen` speaks HTTPS. Needed for an address that is not loopback."""
    max_body_bytes: int = 16 * 1024 * 1024
    requests_per_second: float = 2000.0
    """Sustained rate of one client, then 429; `burst` on top of it."""
    burst: int = 4000
    max_concurrent: int = 256
    body_timeout: float = 30.0
    """Seconds for a request's body to arrive, then 408."""


class CloudStackSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The CloudStack API, at /client/api on the API's doors."""

    enabled: bool = True
    integration_listen: str = ""
    """ADDRESS:PORT, loopback only, where whoever connects is root: CloudStack's integration port. Empty: none."""
    expires_ahead: float = 3600.0
    """Seconds that `expires` of a signed request may lie ahead: for so long a copy of it could be sent again."""
    session_timeout: float = 1800.0
    """Seconds without a request after which a session ends."""


class StoreSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where intent is kept."""

    url: str = f"sqlite:///{STATE}/netloom.db"
    """sqlite:///PATH or postgresql://USER@HOST/DATABASE."""
    changes_kept: int = 100_000
    """Entries of the change log that watchers may resume from."""
    answer_timeout: float = TIMEOUTS.answer
    """Seconds without an answer after which PostgreSQL counts as lost; SQLite has twice that for a transaction."""
    connect_timeout: float = TIMEOUTS.connect
    lock_timeout: float = TIMEOUTS.lock
    """Seconds to wait for a lock that somebody else holds."""
    migration_timeout: float = TIMEOUTS.migration
    """`answer_timeout` of a migration."""


class JobSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """How long the cloud waits for others."""

    time_limit: float = PATIENCE.job
    """Seconds that a job may take before it fails, waiting for other jobs not counted; starts, deployments, live migrations
    three times that."""
    provider_timeout: float = PATIENCE.provider
    """Seconds for one call of a provider."""
    hypervisor_timeout: float = PATIENCE.hypervisor
    """Seconds for one call of a hypervisor; six times that for a live migration."""


class SwitchSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Connections to the hosts' Open vSwitch."""

    allow_tcp: bool = False
    """Whether unprotected tcp: connections are permitted; for labs."""
    listen_ovsdb: str = ""
    """ssl:ADDRESS:PORT (or tcp:) where hosts dial in with OVSDB. Empty: none."""
    listen_openflow: str = ""
    """The same for OpenFlow."""
    advertise_openflow: str = ""
    """What hosts are told to dial for OpenFlow (ssl:ADDRESS:PORT); `listen_openflow` when empty."""
    pki: str = f"{STATE}/pki"
    """Directory of the built-in CA; the certificates below override it."""
    certificate: str = ""
    key: str = ""
    ca: str = ""
    probe_interval: float = 5.0
    """Seconds of silence before an echo; three without an answer end the connection."""
    connect_timeout: float = 5.0
    backoff_min: float = 0.5
    backoff_max: float = 8.0


class ReconcileSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The three clocks."""

    refresh_interval: float = 300.0
    """Seconds between full reads of a host that find drift. 0: never."""
    retry_min: float = 0.2
    retry_max: float = 60.0
    """Bounds of the backoff after an error, seconds."""


class LifecycleSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Waits in the life of networks."""

    shutdown_wait: float = 60.0
    """Seconds after its last NIC went until a network is shut down."""
    migration_grace: float = 60.0
    """Seconds that a NIC may show on two hosts before that is a finding."""
    instance_interval: float = 30.0
    """Seconds between two looks at what hypervisors run."""


class LogSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Log lines."""

    level: str = "info"
    format: str = "auto"
    """auto (pretty on a terminal, else JSON), console, json."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """All of it."""

    api: ApiSettings = msgspec.field(default_factory=ApiSettings)
    cloudstack: CloudStackSettings = msgspec.field(default_factory=CloudStackSettings)
    store: StoreSettings = msgspec.field(default_factory=StoreSettings)
    jobs: JobSettings = msgspec.field(default_factory=JobSettings)
    switches: SwitchSettings = msgspec.field(default_factory=SwitchSettings)
    reconcile: ReconcileSettings = msgspec.field(default_factory=ReconcileSettings)
    lifecycle: LifecycleSettings = msgspec.field(default_factory=LifecycleSettings)
    hypervisors: dict[str, dict[str, str | int | float | bool]] = msgspec.field(default_factory=dict)
    """A section `[hypervisors.NAME]` for each adapter that shall run instances; what stands in it is its own to say."""
    log: LogSettings = msgspec.field(default_factory=LogSettings)


def load(path: str | pathlib.Path | None) -> Settings:
    """Settings of a file, or the defaults when there is none to read.

    Raises:
        InvalidInput: the file cannot be read, is not TOML (with line and column), or holds a wrong key or value.
    """
    if path is None:
        return Settings()
    try:
        text = pathlib.Path(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidInput(
            f"cannot be read: {error}", subject=str(path), code="settings-unreadable"
        ) from error
    return parse(text, source=str(path))


def parse(text: str, *, source: str = "settings") -> Settings:
    """Settings of a TOML text; `source` names it in errors."""
    try:
        tree = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InvalidInput(str(error), subject=source, code="settings-malformed") from error
    try:
        settings = msgspec.convert(tree, Settings, strict=True)
    except msgspec.ValidationError as error:
        what, _, where = str(error).partition(" - at `$")
        raise InvalidInput(
            what,
            subject=f"{source}: {where.strip('.`') or 'the file'}",
            hint="docs/operations.md lists every setting with its unit and default",
            code="settings-invalid",
        ) from error
    _check(settings, source)
    return settings


def _check(settings: Settings, source: str) -> None:
    """Bounds and dependencies between settings."""

    def need(condition: bool, key: str, message: str, hint: str) -> None:
        if not condition:
            raise InvalidInput(message, subject=f"{source}: {key}", hint=hint, code="settings-out-of-bounds")

    api, switches = settings.api, settings.switches
    need(bool(api.socket or api.listen), "api", "no door is open", "set api.socket or api.listen")
    if api.listen:
        address, _, port = api.listen.rpartition(":")
        need(
            bool(address) and port.isdigit() and 0 <= int(port) < 65536,
            "api.listen",
            f"{api.listen!r} is not ADDRESS:PORT",
            "for example 127.0.0.1:7660 or [::1]:7660",
        )
        loopback = address.strip("[]") in LOOPBACK
        need(
            loopback or bool(api.tls_certificate),
            "api.listen",
            f"{address} is not loopback and there is no certificate",
            "set api.tls_certificate and api.tls_key",
        )
    need(
        bool(api.tls_certificate) == bool(api.tls_key),
        "api.tls_key",
        "a certificate and a key go together",
        "set both or none",
    )
    integration = settings.cloudstack.integration_listen
    if integration:
        address, _, port = integration.rpartition(":")
        need(
            address.strip("[]") in LOOPBACK and port.isdigit() and 0 < int(port) < 65536,
            "cloudstack.integration_listen",
            f"{integration!r} is not a loopback ADDRESS:PORT, and whoever connects there is root",
            "for example 127.0.0.1:8096",
        )
    need(
        settings.store.url.startswith(("sqlite:", "postgresql:", "postgresql+asyncpg:")),
        "store.url",
        f"{settings.store.url.split(':', 1)[0]!r} is no database that netloom keeps its state in",
        "sqlite:///PATH or postgresql://USER@HOST/DATABASE",
    )
    for key in ("listen_ovsdb", "listen_openflow", "advertise_openflow"):
        target: str = getattr(switches, key)
        if not target:
            continue
        scheme = target.split(":", 1)[0]
        need(
            scheme in {"ssl", "tcp"} and target.rpartition(":")[2].isdigit(),
            f"switches.{key}",
            f"{target!r} is not ssl:ADDRESS:PORT",
            "for example ssl:192.0.2.1:6640",
        )
        need(
            scheme == "ssl" or switches.allow_tcp,
            f"switches.{key}",
            "tcp: is not protected",
            "use ssl:, or set switches.allow_tcp = true in a lab",
        )
    for key, value in (
        ("switches.probe_interval", switches.probe_interval),
        ("switches.connect_timeout", switches.connect_timeout),
        ("switches.backoff_min", switches.backoff_min),
        ("reconcile.retry_min", settings.reconcile.retry_min),
        ("api.requests_per_second", api.requests_per_second),
        ("api.body_timeout", api.body_timeout),
        ("cloudstack.expires_ahead", settings.cloudstack.expires_ahead),
        ("cloudstack.session_timeout", settings.cloudstack.session_timeout),
        ("store.answer_timeout", settings.store.answer_timeout),
        ("store.connect_timeout", settings.store.connect_timeout),
        ("store.lock_timeout", settings.store.lock_timeout),
        ("store.migration_timeout", settings.store.migration_timeout),
        ("jobs.time_limit", settings.jobs.time_limit),
        ("jobs.provider_timeout", settings.jobs.provider_timeout),
        ("jobs.hypervisor_timeout", settings.jobs.hypervisor_timeout),
    ):
        need(value > 0, key, f"{value} is not more than 0", "seconds, for example 5.0")
    need(
        settings.jobs.time_limit >= max(settings.jobs.provider_timeout, settings.jobs.hypervisor_timeout),
        "jobs.time_limit",
        "is below what a single call of a provider or hypervisor may take",
        "several times jobs.provider_timeout and jobs.hypervisor_timeout",
    )
    need(
        switches.backoff_max >= switches.backoff_min,
        "switches.backoff_max",
        "is below switches.backoff_min",
        "at least as long",
    )
    need(
        settings.reconcile.retry_max >= settings.reconcile.retry_min,
        "reconcile.retry_max",
        "is below reconcile.retry_min",
        "at least as long",
    )
    need(settings.reconcile.refresh_interval >= 0, "reconcile.refresh_interval", "is negative", "0 is never")
    need(
        settings.lifecycle.shutdown_wait >= 0, "lifecycle.shutdown_wait", "is negative", "seconds, 0 or more"
    )
    need(
        settings.lifecycle.instance_interval > 0,
        "lifecycle.instance_interval",
        "is not positive",
        "seconds, as 30",
    )
    need(1024 <= api.max_body_bytes <= 2**30, "api.max_body_bytes", "is out of bounds", "1 KiB to 1 GiB")
    need(
        settings.log.format in {"auto", "console", "json"},
        "log.format",
        f"{settings.log.format!r} is unknown",
        "auto, console or json",
    )
    need(
        settings.log.level in {"debug", "info", "warning", "error"},
        "log.level",
        f"{settings.log.level!r} is unknown",
        "debug, info, warning or error",
    )
