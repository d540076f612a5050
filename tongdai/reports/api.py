"""The endpoints of reports."""

from tongdai.http.endpoint import Route
from tongdai.reports.agents import api as agents
from tongdai.reports.call_logs import api as call_logs
from tongdai.reports.campaigns import api as campaigns
from tongdai.reports.imports import api as imports
from tongdai.reports.missed import api as missed
from tongdai.reports.offers import api as offers
from tongdai.reports.queues import api as queues

HANDLERS: list[Route] = [
    *queues.HANDLERS,
    *agents.HANDLERS,
    *offers.HANDLERS,
    *missed.HANDLERS,
    *campaigns.HANDLERS,
    *imports.HANDLERS,
    *call_logs.HANDLERS,
]
