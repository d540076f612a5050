"""Campaign settings: every setting is declared here, once. Pure.

A field of `CallSettings` is made by `setting(...)`. From it derive

- the field of POST and PATCH /campaigns, its checks and its part of GET (request.py, view.py),
- its schema in the OpenAPI document (view.py),
- the columns that the statements of campaigns/store.py name (columns.py),
- the option of `tongdai campaign` (cli/call_settings.py).

What else a new setting needs: its column in a migration, with the same default, and its field in the SDK. Tests
compare all of these with the declaration. A value of a new shape is a new kind (kinds.py).
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Annotated, Any

from msgspec import Meta

from tongdai.campaigns.settings.kinds import Cap, Choice, Id, Integer, Kind, Percent, Retries, Text, Windows
from tongdai.campaigns.settings.values import FrequencyCap, MachineDetection, Mode, Preset, Purpose, RetryRule
from tongdai.campaigns.settings.windows import Week
from tongdai.ids import QueueId
from tongdai.recordings.model import Wish
from tongdai.text import CALLER_ID, SWITCH_NAME

# A relative path only: an absolute one would let a tenant play any file that the switch can read, such as other
# tenants' recordings.
_SOUND = r"[A-Za-z0-9_-][A-Za-z0-9_.-]*(/[A-Za-z0-9_-][A-Za-z0-9_.-]*)*"
_A_SOUND = "the name or relative path of a sound, of letters, digits, _ - . and /, without .."


@dataclass(frozen=True, slots=True)
class Setting:
    """The declaration of a field of CallSettings."""

    name: str
    """Name of the field."""
    wire: str
    """Name in requests and responses."""
    kind: Kind[Any]
    columns: tuple[str, ...]
    meaning: str
    """One sentence, for the OpenAPI document and the command line."""
    option: str
    """Name of the command-line option."""
    metavar: str | None
    nullable: bool
    """Whether null may be sent; it restores the default, and it is how that default is stored and shown."""
    default: Any


def setting(
    wire: str,
    kind: Kind[Any],
    meaning: str,
    *,
    default: Any = None,
    option: str,
    metavar: str | None = None,
    column: str | None = None,
) -> Any:
    """Declare a field of CallSettings. `default` None, or an empty mapping, makes it nullable.

    `column` is the name of its column, or of its columns without their suffixes, when it is not the field's name.
    """
    metadata = {"setting": (wire, kind, meaning, option, metavar, column)}
    if isinstance(default, dict):
        return field(default_factory=dict[Any, Any], metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, slots=True)
class CallSettings:
    """How a campaign calls."""

    purpose: Purpose = setting(
        "purpose",
        Choice(Purpose),
        "Purpose of the calls. Advertising must comply with a preset.",
        default=Purpose.SERVICE,
        option="--purpose",
    )
    mode: Mode = setting(
        "dialingMode",
        Choice(Mode),
        "Dialing mode. Every mode but agentless needs a queue.",
        default=Mode.AGENTLESS,
        option="--mode",
    )
    queue_id: QueueId | None = setting(
        "queueId",
        Id(),
        "Queue whose agents are connected with answered calls.",
        option="--queue",
        metavar="ID",
    )
    caller_id: str | None = setting(
        "callerId",
        Text(CALLER_ID, 16, "3 to 15 digits, with a plus before them or without", "+84901234567"),
        "Caller id shown to the called person. Null: the server's default.",
        option="--caller-id",
        metavar="NUMBER",
    )
    trunk: str | None = setting(
        "trunk",
        Text(SWITCH_NAME, 64, "1 to 64 letters, digits, _ and -", "carrier_1-a"),
        "Trunk: the PJSIP endpoint for outbound calls. Null: the server's default.",
        option="--trunk",
    )
    audio_file: str | None = setting(
        "audioFile",
        Text(_SOUND, 255, _A_SOUND, "custom/spring/offer.v2"),
        "Sound that agentless calls play. Null: the server's default.",
        option="--audio",
        metavar="SOUND",
    )
    abandon_file: str | None = setting(
        "abandonFile",
        Text(_SOUND, 255, _A_SOUND, "tongdai/sorry"),
        "Abandonment message: sound played when no agent is connected in time. Null: hang up without one.",
        option="--abandon-audio",
        metavar="SOUND",
    )
    ring_timeout_s: int = setting(
        "ringTimeoutSec",
        Integer(15, 60),
        "Ring timeout in seconds.",
        default=30,
        option="--ring-timeout",
        metavar="SECONDS",
    )
    max_calls: int = setting(
        "maxConcurrentCalls",
        Integer(1, 10_000),
        "Maximum concurrent calls.",
        default=10,
        option="--max-calls",
        metavar="CALLS",
    )
    calls_per_second: int = setting(
        "callsPerSecond",
        Integer(1, 200),
        "Maximum call attempts per second.",
        default=5,
        option="--cps",
        metavar="CALLS",
    )
    preset: Preset = setting(
        "preset",
        Choice(Preset),
        "The law to comply with, the tenant's calling hours, or none, for any hour; see docs/calling-rules.md.",
        default=Preset.TENANT_HOURS,
        option="--preset",
    )
    windows: Week | None = setting(
        "callingWindows",
        Windows(),
        "Calling hours in the contact's local time; they narrow those of a law. Null: the preset's.",
        option="--window",
    )
    # The defaults are declared in tongdai/call_outcome.py.
    retries: Mapping[str, RetryRule] = setting(
        "retryRules",
        Retries(),
        "Retry rules by outcome; each replaces the default rule. Null: the defaults (docs/calling-rules.md).",
        default={},
        option="--retry",
    )
    contact_cap: FrequencyCap | None = setting(
        "contactCeiling",
        Cap(ever=True),
        "Frequency cap of a contact: maximum calls of this campaign in a period. Null: none.",
        option="--contact-cap",
        column="contact",
    )
    number_cap: FrequencyCap | None = setting(
        "numberCeiling",
        Cap(ever=False),
        "Frequency cap of a number: maximum calls of all campaigns of the tenant in a period. Null: none.",
        option="--number-cap",
        column="number",
    )
    abandon_cap: float = setting(
        "abandonmentCapPercent",
        Percent(),
        "Maximum share of abandoned calls among the live answers, in percent.",
        default=3.0,
        option="--abandon-cap",
        metavar="PERCENT",
    )
    machine_detection: MachineDetection = setting(
        "machineDetection",
        Choice(MachineDetection),
        "Answering machine detection; hang_up hangs up on machines, with outcome machine.",
        default=MachineDetection.OFF,
        option="--machine-detection",
    )
    recording: Wish = setting(
        "recording",
        Choice(Wish),
        "Recording of the calls that are connected with an agent or the audio file: all of them, or off.",
        default=Wish.OFF,
        option="--recording",
    )
    recording_announcement: str | None = setting(
        "recordingAnnouncement",
        Text(_SOUND, 255, _A_SOUND, "tongdai/recorded"),
        "Sound that announces the recording to customer and agent first. It must be heard whole, and the customer may "
        "press 9 to decline: else the call is not recorded. Null: none is played.",
        option="--recording-announcement",
        metavar="SOUND",
    )
    priority: int = setting(
        "priority",
        Integer(-100, 100),
        "Priority; campaigns with a higher one dial first.",
        default=0,
        option="--priority",
        metavar="NUMBER",
    )


def described(one: Setting, wire: Any, schema: Mapping[str, Any] | None = None) -> Any:
    """The type of a setting in a body or a response, with what the OpenAPI document says of it."""
    return Annotated[wire, Meta(description=one.meaning, extra_json_schema=None if schema is None else dict(schema))]


def _settings() -> tuple[Setting, ...]:
    found: list[Setting] = []
    for one in fields(CallSettings):
        wire, kind, meaning, option, metavar, column = one.metadata["setting"]
        default = (
            one.default_factory() if one.default is MISSING and one.default_factory is not MISSING else one.default
        )
        nullable = default is None or default == {}
        columns = kind.columns(column or one.name)
        found.append(Setting(one.name, wire, kind, columns, meaning, option, metavar, nullable, default))
    return tuple(found)


SETTINGS: tuple[Setting, ...] = _settings()
"""All settings, in the order in which they are declared."""
