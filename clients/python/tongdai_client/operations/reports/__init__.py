"""Reports, as results or files, and call logs."""

from tongdai_client.operations.reports.call_logs import call_logs
from tongdai_client.operations.reports.queues import queue_report, queue_report_as_file, save_queue_report

__all__ = ["call_logs", "queue_report", "queue_report_as_file", "save_queue_report"]
