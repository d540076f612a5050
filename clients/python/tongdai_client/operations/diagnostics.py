"""Why contacts are not being called."""

from tongdai_client.models.diagnostics import CampaignDiagnostics, ContactDiagnostics
from tongdai_client.operation import Operation, operation


def campaign_diagnostics(campaign_id: int) -> Operation[CampaignDiagnostics]:
    """Count the pending contacts of a campaign by the reason why they are not being called."""
    return operation("GET", "/campaigns/{id}/diagnostics", (campaign_id,), CampaignDiagnostics)


def contact_diagnostics(campaign_id: int, contact_id: int) -> Operation[ContactDiagnostics]:
    """Get the reason why a contact is not being called."""
    template = "/campaigns/{id}/contacts/{contactId}/why"
    return operation("GET", template, (campaign_id, contact_id), ContactDiagnostics)
