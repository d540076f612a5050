"""Which switch's websocket a phone in a browser is connected with: that of the tenant's."""

from tongdai.settings.declarations import Settings


def websocket_of(settings: Settings, switch: str) -> str | None:
    """The address of the websocket of a switch by its name; None: the settings have none."""
    named = dict(one.split("=", 1) for one in settings.phone_urls)
    if switch in named:
        return named[switch]
    if switch != settings.switch or settings.asterisk is None:
        return None
    return f"{settings.asterisk.rstrip('/')}/ws"
