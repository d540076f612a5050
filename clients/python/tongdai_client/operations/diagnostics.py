"""Why contacts are not being called, and why callers wait."""

from tongdai_client.models.diagnostics import CampaignDiagnostics, ContactDiagnostics, QueueDiagnostics
from tongdai_client.operation import Operation, operation


def campaign_diagnostics(campaign_id: int) -> Operation[CampaignDiagnostics]:
    """Count the pending contacts of a campaign by the reason why they are not being called."""
    return operation("GET", "/campaigns/{id}/diagnostics", (campaign_id,), CampaignDiagnostics)


def contact_diagnostics(campaign_id: int, contact_id: int) -> Operation[ContactDiagnostics]:
    """Get the reason why a contact is not being called."""
    template = "/campaigns/{id}/contacts/{contactId}/why"
    return operation("GET", template, (campaign_id, contact_id), ContactDiagnostics)


def queue_diagnostics(queue_id: int) -> Operation[QueueDiagnostics]:
    """Get the reasons why the callers of an inbound queue have no agent, and why its agents are offered nobody."""
    return operation("GET", "/queues/inbound/{id}/why", (queue_id,), QueueDiagnostics)
