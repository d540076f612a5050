"""Webhooks: their registration, what was sent to them, and the check of what they send (`verify_webhook`)."""

from tongdai_client.webhooks.verification import WebhookRefused, verify_webhook

__all__ = ["WebhookRefused", "verify_webhook"]
