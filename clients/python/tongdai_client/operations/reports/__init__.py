"""Reports, as results or files, and call logs."""

from tongdai_client.operations.reports.call_logs import call_logs
from tongdai_client.operations.reports.files import report_as_file, save_report
from tongdai_client.operations.reports.others import (
    agent_report,
    campaign_report,
    import_report,
    missed_report,
    offer_report,
)
from tongdai_client.operations.reports.queues import queue_report

__all__ = [
    "agent_report",
    "call_logs",
    "campaign_report",
    "import_report",
    "missed_report",
    "offer_report",
    "queue_report",
    "report_as_file",
    "save_report",
]
