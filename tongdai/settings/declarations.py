"""The settings of the server: each is a field of `Settings`; its docstring becomes its line in docs/settings.md."""

import os
import typing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from tongdai.settings.checks import EVERYWHERE, LOOPBACK, validate

Role = Literal["api", "engine", "telephony"]
"""The roles of a server; each is a process of its own."""
ROLES: tuple[Role, ...] = typing.get_args(Role)
Network = str  # an IP network, `10.0.0.0/8`


def default_data_dir() -> str:
    """`/var/lib/tongdai` for root, else `$XDG_DATA_HOME/tongdai`."""
    return "/var/lib/tongdai" if os.geteuid() == 0 else str(_user_data() / "tongdai")


def demo_data_dir() -> str:
    """`$XDG_DATA_HOME/tongdai-demo`, also for root: the demo is nobody's production."""
    return str(_user_data() / "tongdai-demo")


def _user_data() -> Path:
    return Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share")


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    data_dir: str = field(default_factory=default_data_dir)
    """Directory of the embedded database, the key pepper, sockets and spooled uploads."""
    database_url: str | None = None
    """An external PostgreSQL 15 to 18, `postgresql://user:password@host/db`; without it the embedded server is used."""
    session_database_url: str | None = None
    """The same database without PgBouncer, if `database_url` leads to one: for LISTEN, session locks and migrations."""
    postgres_bin: str | None = None
    """Directory with `postgres` and `initdb` 18 to run instead of the bundled programs."""
    shared_buffers_mb: int | None = None
    """Cache of the embedded server; by default a quarter of the machine's memory, at least 128 and at most 4096."""
    database_pool: int = 10
    """Maximum database connections of an API worker."""
    host: str = "127.0.0.1"
    """Address to listen on; `0.0.0.0` is every address of the machine."""
    port: int = 8080
    """Port of the API; 0 is any free port."""
    workers: int = 1
    """Number of API worker processes; two or more share their rate limits through a bundled Valkey."""
    admin_host: str = "127.0.0.1"
    """Address of health checks and metrics, which need no key: keep it on a private network."""
    admin_port: int | None = None
    """Port of health checks and metrics; by default `port + 1`, or any free port when that is taken."""
    rate_limit_url: str | None = None
    """Redis or Valkey through which several machines share rate limits: `redis://`, `rediss://` or `unix://`."""
    rate_limit_deadline_s: float = 0.04
    """Seconds that a request waits for that store before its worker applies its own share of the limits."""
    tenant_limit: int = 600
    """Requests that a tenant may make in any 10 seconds, unless the tenant has a limit of its own."""
    route_limit: int = 200
    """Requests that a tenant may make to one route in any 10 seconds, unless the tenant has a limit of its own."""
    failed_key_limit: int = 20
    """Failed authentications in any 10 seconds after which an address is refused."""
    limit_headers: tuple[str, str, str, str] = (
        "X-RateLimit-Limit-Tenant",
        "X-RateLimit-Remaining-Tenant",
        "X-RateLimit-Limit-Route",
        "X-RateLimit-Remaining-Route",
    )
    """Names of the rate-limit headers: tenant's limit, tenant's remaining, route's limit, route's remaining."""
    trusted_proxies: tuple[Network, ...] = ()
    """Networks whose `X-Forwarded-For` is trusted when failed authentications are counted by address."""
    key_pepper: str | None = None
    """Secret of the key digests, at least 32 characters; by default generated in the data directory."""
    cors_origins: tuple[str, ...] = ()
    """Origins whose pages may call the API from a browser, such as `https://crm.example`; `*` is every origin."""
    max_json_kb: int = 1024
    """Maximum size of a JSON body, but for bulk imports."""
    max_body_mb: int = 64
    """Maximum size of the JSON of a bulk import, both as sent and decompressed, and of a do-not-call file."""
    max_upload_mb: int = 2048
    """Maximum size of an uploaded file, both as sent and decompressed."""
    body_timeout_s: float = 60.0
    """Seconds within which a JSON body must arrive."""
    header_timeout_s: float = 10.0
    """Seconds within which the first byte of a connection must arrive, and a request's head from its first byte."""
    keep_alive_s: float = 90.0
    """Seconds for which an idle connection stays open, longer than a proxy keeps its own (nginx: 60), and one whose
    client takes nothing of a response."""
    max_connections: int = 20_000
    """Maximum connections of a worker, and at most its limit of open files; at it, one without a request is closed for
    the next, or that one gets a 503."""
    max_in_flight: int = 256
    """Maximum concurrent requests of a worker; further ones get a 503 at once."""
    drain_s: float = 10.0
    """Seconds within which requests in flight must finish on SIGTERM."""
    import_chunk_rows: int = 10_000
    """Maximum rows of an import in one transaction."""
    import_lease_s: float = 10.0
    """Seconds without a heartbeat after which another worker takes over an import."""
    import_rows_days: int = 30
    """Days for which the outcomes of an import's rows are stored; it can be undone for as long."""
    undo_wait_s: float = 15.0
    """Seconds that the deletion of an import waits for its last contact to go, before it answers that more are left."""
    act_wait_s: float = 5.0
    """Seconds that a request for an act on a live call waits for its result; an act not begun after 4 never is."""
    call_days: int = 730
    """Days for which ended calls and their segments are stored; whole months are dropped."""
    hourly_stats_days: int = 1825
    """Days for which hourly statistics of campaigns and counters of reports are stored, also of calls that are not."""
    audit_days: int = 730
    """Days for which the audit trail is stored."""
    recordings_dir: str | None = None
    """Directory of recordings, the same for api, engine and telephony; by default `recordings` in `data_dir`."""
    recording_days: int = 90
    """Days for which recordings of calls are stored."""
    change_days: int = 30
    """Days for which changes of contacts are known to readers; one who comes later reads all contacts again."""
    webhook_days: int = 30
    """Days for which deliveries to webhooks are stored, and may be sent again."""
    webhook_timeout_s: float = 15.0
    """Seconds in which a webhook must answer a request."""
    webhook_private: bool = False
    """Whether webhooks may be sent to private networks, and by `http://`; not with tenants that are not trusted."""
    max_event_streams: int = 2000
    """Maximum open event streams of a worker; a tenant may have a quarter of them. Each open console has one."""
    log_format: Literal["text", "json"] = "text"
    """`text`: lines for people; `json`: an object in each line."""
    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Lowest level that is logged."""
    min_free_mb: int = 512
    """Free space of the data directory's disk below which uploads are refused; below half of it imports wait."""
    tenant_spool_mb: int = 4096
    """Disk space of the uploads of a tenant that are being received and read, in each API worker."""
    upload_idle_s: float = 30.0
    """Seconds without data after which an upload is aborted."""
    upload_rate: int = 1000
    """Bytes a second that an upload must bring on average after the first `upload_idle_s`; a slower one is aborted."""
    upload_timeout_s: float = 3600.0
    """Seconds within which an uploaded file must arrive."""
    import_columns: int = 1000
    """Maximum columns of a CSV file or workbook."""
    import_cell_chars: int = 131_072
    """Maximum characters of a cell of a CSV file or workbook."""
    import_reader_mb: int = 1024
    """Memory limit of the process that reads a large file; a file that needs more is refused."""
    public_url: str | None = None
    """URL of this server as browsers reach it, such as `https://calls.example.com`; OpenID needs it."""
    openid_issuer: str | None = None
    """Issuer of an OpenID provider at which people may sign in, such as `https://accounts.google.com`."""
    openid_client_id: str | None = None
    """Id of this server at the provider, whose redirect URL there is `/v1/session/openid/callback` of `public_url`."""
    openid_client_secret: str = ""
    """Its secret at the provider."""
    openid_name: str = "OpenID"
    """Name of the provider on the button of the sign-in page."""
    openid_default_role: Literal["none", "supervisor", "viewer"] = "none"
    """Role of users who are created when they sign in there first; `none`: nobody is created."""
    openid_tenant: int | None = None
    """Tenant in which they are created."""
    asterisk: str | None = None
    """ARI of an Asterisk 22, `ws://host:8088` or `wss://host:8089`; without it calls are simulated."""
    asterisk_user: str = "tongdai"
    """User in Asterisk's ari.conf."""
    asterisk_password: str = ""
    """Password of that user."""
    asterisk_app: str = "tongdai"
    """Stasis application; installations that share an Asterisk need different ones."""
    phone_urls: tuple[str, ...] = ()
    """Websockets of the Asterisks for phones in browsers, by the name of the switch, such as
    `hanoi=ws://10.0.2.5:8088/ws`; that of `switch` is `/ws` of `asterisk`, unless it is among them."""
    phone_return_s: float = 20.0
    """How long a call waits for its agent, with hold music, when the browser with the phone loads its page again or
    closes it; then the call ends as when any phone is gone."""
    switch: str = "default"
    """The switch that the telephony process leads; a new name adds a switch."""
    dial: Literal["auto", "held"] = "auto"
    """`held`: dialing is held from the start until an operator releases it, as for a restored backup."""
    trunk: str | None = None
    """PJSIP endpoint through which numbers are dialled, unless the campaign names another."""
    caller_id: str | None = None
    """Number shown to the called persons, unless the campaign names another."""
    default_sound: str = "hello-world"
    """Sound of agentless campaigns without one of their own."""
    check_sounds: bool = True
    """Whether the switch is asked for sounds, by playing them to nobody; campaigns whose sound it lacks do not call."""
    sounds_url: str | None = None
    """URL by which Asterisk reaches the API, to fetch uploaded hold music and prompts, such as `http://10.0.0.5:8080`;
    by default `port` of this machine, if Asterisk is on it too."""
    unplayed_calls: int = 3
    """Calls in a row that were answered and whose sound the switch could not play, after which their campaign pauses
    itself."""
    max_calls: int = 1000
    """Maximum active calls of the switch, over all campaigns."""
    simulated_answer_rate: float = 0.4
    """Share of the calls that the simulated switch answers."""
    simulated_talk_s: float = 20.0
    """Median talk time on the simulated switch."""
    simulated_callers_per_hour: float = 0.0
    """Callers an hour who ring the numbers of all queues, on the simulated switch."""
    simulated_key_rate: float = 0.8
    """Share of those callers who press keys: in menus, and to be called back."""
    simulated_faults: float = 0.0
    """Share of the requests and events of the simulated switch that are lost, late, duplicated or refused."""
    simulated_seed: int | None = None
    """Seed of the simulated switch, for reproducible runs."""

    def __post_init__(self) -> None:
        validate(self)

    def session_dsn(self, dsn: str) -> str:
        """The database for what needs a session of its own, where the rest uses `dsn`."""
        return self.session_database_url or dsn

    @property
    def sounds_base(self) -> str | None:
        """The beginning of the URLs by which the switch fetches sound files; None: it cannot."""
        if self.sounds_url is not None:
            return self.sounds_url.rstrip("/")
        here = self.asterisk is None or urlsplit(self.asterisk).hostname in LOOPBACK
        host = "127.0.0.1" if self.host in EVERYWHERE else self.host
        return f"http://{host}:{self.port}" if here and self.port and ":" not in host else None

    @property
    def admin_ports(self) -> tuple[int, ...]:
        """Ports to try for the admin server, in order; 0 is any free one."""
        if self.admin_port is not None:
            return (self.admin_port,)
        return (self.port + 1, 0) if 0 < self.port < 65535 else (0,)
