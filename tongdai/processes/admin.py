"""Health and metrics, on a port of their own and without a key."""

import math
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4
from prometheus_client.multiprocess import MultiProcessCollector

from tongdai.dialing.model import HINT, Hold
from tongdai.errors import OperatorError
from tongdai.runtime.os_process import alive

STALE_AFTER_S = 10.0
"""Results of health checks that are older say nothing: a round takes at most 6 s, with a database that hangs."""
StartResponse = Callable[[str, list[tuple[str, str]]], Any]


@dataclass(slots=True)
class Health:
    """The last results of the health checks, written by the supervisor and read by the admin server."""

    checks: dict[str, bool] = field(default_factory=dict[str, bool])
    heartbeats: dict[str, float | None] = field(default_factory=dict[str, float | None])
    """Seconds since the last heartbeat of each switch's leader; None: there never was one."""
    import_claim_s: float | None = None
    """Seconds since the last claim of an import; None: there was none."""
    hold: Hold | None = None
    """Why nothing is dialled. No reason to be unready: requests are answered, the release of the hold among them."""
    failing_tasks: list[str] = field(default_factory=list[str])
    """The background tasks whose last attempt failed."""
    checked_at: float = -math.inf
    """When the checks were last done, by the monotonic clock."""
    stopping: bool = False

    @property
    def stale(self) -> bool:
        """Whether nothing is known of now, as the checks themselves fail or hang."""
        return time.monotonic() - self.checked_at > STALE_AFTER_S

    @property
    def ready(self) -> bool:
        return not self.stopping and not self.stale and bool(self.checks) and all(self.checks.values())


class _Quiet(WSGIRequestHandler):
    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the overridden name
        """Probes come every second: no line for each."""


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


def start(host: str, ports: Sequence[int], health: Health, metrics_dir: Path) -> str:
    """Serve on the first port that is free, for the life of the process; returns `host:port`."""
    error: OSError | None = None
    for port in ports:
        try:
            server = make_server(host, port, _application(health, metrics_dir), _Server, _Quiet)
        except OSError as reason:
            error = reason
            continue
        threading.Thread(target=server.serve_forever, name="admin", daemon=True).start()
        return f"{host}:{server.server_port}"
    raise OperatorError(f"cannot listen on admin port {ports[0]} of {host}: {error}")


def _application(health: Health, metrics_dir: Path) -> Callable[[dict[str, Any], StartResponse], list[bytes]]:
    def respond(environ: dict[str, Any], start_response: StartResponse) -> list[bytes]:
        match environ["PATH_INFO"]:
            case "/health/live":
                return _json(start_response, "200 OK", {"status": "live"})
            case "/health/ready":
                status = "200 OK" if health.ready else "503 Service Unavailable"
                word = "ready" if health.ready else "stopping" if health.stopping else "not ready"
                checks = dict.fromkeys(health.checks, False) if health.stale else health.checks
                return _json(
                    start_response,
                    status,
                    {
                        "status": word,
                        "checks": checks,
                        "heartbeatAgeSec": {name: age and round(age, 1) for name, age in health.heartbeats.items()},
                        "importClaimAgeSec": health.import_claim_s and round(health.import_claim_s, 1),
                        "dialingHeld": health.hold and _shown(health.hold),
                        "failingTasks": health.failing_tasks,
                    },
                )
            case "/metrics":
                start_response("200 OK", [("Content-Type", CONTENT_TYPE_PLAIN_0_0_4)])
                return [_metrics(metrics_dir)]
            case _:
                body = {"success": "0", "error_code": "NOT_FOUND", "error_message": "Not found"}
                return _json(start_response, "404 Not Found", body)

    return respond


def _shown(hold: Hold) -> dict[str, object]:
    return {"since": hold.held_at, "reason": hold.reason, "message": hold.message, "hint": HINT}


def _json(start_response: StartResponse, status: str, body: object) -> list[bytes]:
    start_response(status, [("Content-Type", "application/json")])
    return [msgspec.json.encode(body)]


def _metrics(folder: Path) -> bytes:
    """The numbers of all processes; gauges of those that ended are forgotten."""
    for file in folder.glob("gauge_live*_*.db"):
        if not alive(int(file.stem.rpartition("_")[2])):
            file.unlink(missing_ok=True)
    registry = CollectorRegistry()
    MultiProcessCollector(registry, path=str(folder))
    return generate_latest(registry)
