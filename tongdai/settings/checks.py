"""Rules for the values of settings, each by itself and beside the others."""

import ipaddress
import re
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from tongdai.errors import OperatorError
from tongdai.text import CALLER_ID, SWITCH_NAME

if TYPE_CHECKING:
    from tongdai.settings.declarations import Settings

LOOPBACK = ("127.0.0.1", "localhost", "::1")
EVERYWHERE = ("0.0.0.0", "::", "localhost")  # noqa: S104 - addresses to listen on
_MAX_CALLERS_PER_HOUR = 360_000
_POSITIVE = (
    "shared_buffers_mb", "database_pool", "workers", "tenant_limit", "route_limit", "failed_key_limit",
    "max_json_kb", "max_body_mb", "max_upload_mb", "body_timeout_s", "header_timeout_s", "keep_alive_s",
    "max_connections", "max_in_flight", "drain_s", "import_chunk_rows", "import_lease_s", "import_rows_days",
    "call_days", "hourly_stats_days", "audit_days", "recording_days", "change_days", "webhook_days",
    "webhook_timeout_s", "max_event_streams", "upload_idle_s", "upload_rate", "upload_timeout_s", "import_columns",
    "import_cell_chars", "import_reader_mb", "tenant_spool_mb", "max_calls", "unplayed_calls", "phone_return_s",
    "simulated_talk_s",
)  # fmt: skip


def validate(settings: "Settings") -> None:
    """Raise OperatorError naming the first setting that is wrong, and what it should be."""
    for name in _POSITIVE:
        value = getattr(settings, name)
        if value is not None and value <= 0:
            raise OperatorError(f"{name} must be above 0, not {value}")
    shares = ("simulated_answer_rate", "simulated_faults", "simulated_key_rate")
    for name, limit in (("port", 65535), ("admin_port", 65535), *((share, 1) for share in shares)):
        value = getattr(settings, name)
        if value is not None and not 0 <= value <= limit:
            raise OperatorError(f"{name} must be 0 to {limit}, not {value}")
    callers = settings.simulated_callers_per_hour
    if not 0 <= callers <= _MAX_CALLERS_PER_HOUR:
        raise OperatorError(f"simulated_callers_per_hour must be 0 to {_MAX_CALLERS_PER_HOUR}, not {callers}")
    for network in settings.trusted_proxies:
        try:
            ipaddress.ip_network(network)
        except ValueError as error:
            raise OperatorError(f"trusted_proxies: {error}") from None
    _validate_asterisk(settings)
    _validate_database(settings)
    _validate_openid(settings)
    if settings.key_pepper is not None and len(settings.key_pepper) < 32:
        raise OperatorError("key_pepper must have at least 32 characters")


def _validate_openid(settings: "Settings") -> None:
    for name in ("public_url", "openid_issuer"):
        value = getattr(settings, name)
        url = urlsplit(value or "https://a")
        if url.scheme != "https" and not (url.scheme == "http" and url.hostname in LOOPBACK):
            raise OperatorError(f"{name} must begin with https://, or http:// on this machine, not {value!r}")
    if settings.openid_issuer is not None and (settings.openid_client_id is None or settings.public_url is None):
        raise OperatorError("openid_issuer needs openid_client_id and public_url")
    if settings.openid_default_role != "none" and settings.openid_tenant is None:
        raise OperatorError("openid_default_role needs openid_tenant, in which users are created")


def _validate_database(settings: "Settings") -> None:
    for name in ("database_url", "session_database_url"):
        if not (getattr(settings, name) or "postgresql://").startswith(("postgresql://", "postgres://")):
            raise OperatorError(f"{name} must begin with postgresql://")
    if settings.session_database_url is not None and settings.database_url is None:
        raise OperatorError("session_database_url needs database_url")


_PART = "[A-Za-z0-9_-][A-Za-z0-9_.-]*"
_NAMES = {
    "switch": (r"[a-z0-9][a-z0-9-]{0,62}", "1 to 63 small letters, digits and -"),
    "asterisk_app": (SWITCH_NAME, "1 to 64 letters, digits, - and _"),
    "trunk": (SWITCH_NAME, "the name of a PJSIP endpoint: 1 to 64 letters, digits, - and _"),
    "caller_id": (CALLER_ID, "3 to 15 digits, with a plus or without"),
    "sounds_url": (
        r"https?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*/?",
        "http://host:port or https://host, with a path or without",
    ),
    "phone_urls": (
        r"[a-z0-9][a-z0-9-]{0,62}=wss?://[A-Za-z0-9.-]+(:[0-9]{1,5})?(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)+",
        "NAME=ws://host:port/path or NAME=wss://host/path",
    ),
    "default_sound": (rf"/?{_PART}(/{_PART})*", "the name of a sound, without its suffix"),
}


def _validate_asterisk(settings: "Settings") -> None:
    for name, (pattern, expected) in _NAMES.items():
        found: tuple[str, ...] | str | None = getattr(settings, name)
        for value in found if isinstance(found, tuple) else (found,):
            if value is not None and (not re.fullmatch(pattern, value, re.ASCII) or ".." in value):
                raise OperatorError(f"{name} must be {expected}, not {value!r}")
    if settings.asterisk is None:
        return
    try:
        url = urlsplit(settings.asterisk)
        good = url.scheme in {"ws", "wss"} and url.hostname and url.port != 0 and "@" not in url.netloc
    except ValueError:  # an invalid port
        good = False
    if not good:
        raise OperatorError("asterisk must be ws://host:port or wss://host:port, without user and password")
    if not settings.asterisk_password:
        raise OperatorError("asterisk needs asterisk_password, as it stands in Asterisk's ari.conf")
    if settings.trunk is None:
        raise OperatorError("asterisk needs a trunk, the PJSIP endpoint that numbers are dialled through")
