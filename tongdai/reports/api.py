"""The endpoints of reports."""

from tongdai.http.endpoint import Route
from tongdai.reports.call_logs import api as call_logs
from tongdai.reports.queues import api as queues

HANDLERS: list[Route] = [*queues.HANDLERS, *call_logs.HANDLERS]
