"""Tongdai's Python SDK: `from tongdai_client import Client, AsyncClient`.

Exports both clients, everything their methods return, and every exception they raise.
"""

from tongdai_client.async_client import AsyncClient, AsyncPages
from tongdai_client.client import Client, Pages
from tongdai_client.errors import (
    ApiError,
    ConnectionFailed,
    FileChanged,
    ImportFailed,
    InsufficientScope,
    InvalidInput,
    InvalidState,
    NotFound,
    RateLimited,
    ServerFailed,
    TongdaiError,
    Unauthorized,
    UnexpectedAnswer,
    WaitTimeout,
)
from tongdai_client.models.agents import (
    Agent,
    AgentCreated,
    AgentMode,
    AgentPreview,
    AgentSkill,
    AgentState,
    AgentToday,
    OfflineReason,
    PauseReasons,
    PhoneAccount,
    PhoneAccountMade,
    PhoneCredentials,
    Preview,
    PreviewCampaign,
    PreviewOffered,
    QueueMember,
    StateSeconds,
)
from tongdai_client.models.base import ChangedPage, Done, Page
from tongdai_client.models.calls import (
    Call,
    Callback,
    CallDetail,
    CallEvent,
    CallOffer,
    CallParty,
    CallRecording,
    CallSegment,
    CreatedCallback,
    LegalHold,
    MissedCall,
    RecordingLink,
)
from tongdai_client.models.campaigns import (
    CallingWindow,
    CallSettings,
    Campaign,
    CampaignChanged,
    CampaignCreated,
    CampaignDetail,
    CampaignStatus,
    FrequencyCap,
    RetryRule,
)
from tongdai_client.models.contacts import (
    CalledAgain,
    Contact,
    ContactAdded,
    ContactDetail,
    ContactList,
    Customer,
    CustomerExport,
    ErasureReceipt,
    FoundContact,
    NewContact,
    ProcessStatus,
)
from tongdai_client.models.diagnostics import (
    AgentDiagnostics,
    Blocker,
    CallerDiagnostics,
    CampaignDiagnostics,
    ContactDiagnostics,
    QueueDiagnostics,
    Sound,
)
from tongdai_client.models.dialing import Dialing, DialingChanged, DialingHold, SwitchBeat
from tongdai_client.models.do_not_call import (
    DncCheck,
    DncList,
    DncListCreated,
    DncMatch,
    DncNumber,
    DncNumbersAdded,
    DncRowError,
    NewDncNumber,
)
from tongdai_client.models.imports import (
    FileColumn,
    FileColumns,
    FileTable,
    ImportColumn,
    ImportDetected,
    ImportId,
    ImportJob,
    ImportLeftOut,
    ImportOutcome,
    ImportRow,
    ImportStarted,
    ImportTable,
    ImportUndone,
)
from tongdai_client.models.inbound.menus import Menu, MenuCreated, MenuUsers, NewMenu
from tongdai_client.models.inbound.opening_hours import (
    CallerDestination,
    Closure,
    EffectiveHours,
    Holiday,
    HolidayChange,
    Holidays,
    OpeningHours,
    OpeningWindow,
    OpenSpan,
)
from tongdai_client.models.inbound.sounds import SoundFile, SoundUploaded
from tongdai_client.models.live import (
    ActiveCalls,
    AgentCounts,
    CallStats,
    CampaignLive,
    CampaignLiveDetail,
    ContactCounts,
    DialerStatus,
    DialingStatus,
    Health,
    HealthPart,
    Live,
    LiveTopics,
    Pacing,
    QueueLive,
    QueueLiveDetail,
    QueuesLive,
    QueuesWithCallers,
    ServiceFigures,
    Switch,
    SwitchStatus,
    Timeline,
    TimelinePoint,
    WaitingCaller,
    Wallboard,
    WallboardCreated,
    Wallboards,
    WallboardThreshold,
    WallboardThresholds,
)
from tongdai_client.models.queues import Queue, QueueCreated, QueueSettings, QueueSettingsChange, SkillNeeded
from tongdai_client.models.reports.agents import AgentFigures, AgentInterval, AgentReport, AgentRow
from tongdai_client.models.reports.call_logs import CallLog, CallLogPage
from tongdai_client.models.reports.campaigns import CampaignFigures, CampaignInterval, CampaignReport, CampaignRow
from tongdai_client.models.reports.imports import ImportFigures, ImportInterval, ImportReport, ImportReportRow
from tongdai_client.models.reports.missed import MissedFigures, MissedInterval, MissedReport, MissedRow
from tongdai_client.models.reports.offers import OfferFigures, OfferInterval, OfferReport, OfferRow
from tongdai_client.models.reports.queues import QueueFigures, QueueInterval, QueueReport, QueueRow
from tongdai_client.models.tenants import (
    ApiKey,
    ApiKeyCreated,
    AuditEntry,
    CalledNumber,
    CalledNumberGiven,
    CallerId,
    CallerIds,
    CallingHours,
    CallingHoursChanged,
    OwnNumber,
    ResetLink,
    SipEndpoint,
    SipEndpointGiven,
    Team,
    TeamCreated,
    Teams,
    Tenant,
    User,
    UserCreated,
    UserSession,
    UserSessions,
)
from tongdai_client.models.wrap_up import (
    WrapUpCode,
    WrapUpCodeCreated,
    WrapUpCodes,
    WrapUpCount,
    WrapUpCounts,
    WrapUpRule,
)
from tongdai_client.retry import Retry
from tongdai_client.version import __version__

__all__ = [
    "ActiveCalls", "Agent", "AgentCounts", "AgentCreated", "AgentDiagnostics", "AgentFigures", "AgentInterval",
    "AgentMode", "AgentPreview", "AgentReport", "AgentRow", "AgentSkill", "AgentState", "AgentToday", "ApiError",
    "ApiKey", "ApiKeyCreated", "AsyncClient", "AsyncPages", "AuditEntry", "Blocker", "Call", "CallDetail",
    "CallEvent", "CallLog", "CallLogPage", "CallOffer", "CallParty", "CallRecording", "CallSegment", "CallSettings",
    "CallStats", "Callback", "CalledAgain", "CalledNumber", "CalledNumberGiven", "CallerDestination",
    "CallerDiagnostics", "CallerId", "CallerIds", "CallingHours", "CallingHoursChanged", "CallingWindow", "Campaign",
    "CampaignChanged", "CampaignCreated", "CampaignDetail", "CampaignDiagnostics", "CampaignFigures",
    "CampaignInterval", "CampaignLive", "CampaignLiveDetail", "CampaignReport", "CampaignRow", "CampaignStatus",
    "ChangedPage", "Client", "Closure", "ConnectionFailed", "Contact", "ContactAdded", "ContactCounts", "ContactDetail",
    "ContactDiagnostics", "ContactList", "CreatedCallback", "Customer", "CustomerExport", "DialerStatus", "Dialing",
    "DialingChanged", "DialingHold", "DialingStatus", "DncCheck", "DncList", "DncListCreated", "DncMatch",
    "DncNumber", "DncNumbersAdded", "DncRowError", "Done", "EffectiveHours", "ErasureReceipt", "FileChanged",
    "FileColumn", "FileColumns", "FileTable", "FoundContact", "FrequencyCap", "Health", "HealthPart", "Holiday",
    "HolidayChange", "Holidays", "ImportColumn", "ImportDetected", "ImportFailed", "ImportFigures", "ImportId",
    "ImportInterval", "ImportJob", "ImportLeftOut", "ImportOutcome", "ImportReport", "ImportReportRow", "ImportRow",
    "ImportStarted", "ImportTable", "ImportUndone", "InsufficientScope", "InvalidInput", "InvalidState", "LegalHold",
    "Live", "LiveTopics", "Menu", "MenuCreated", "MenuUsers", "MissedCall", "MissedFigures", "MissedInterval",
    "MissedReport", "MissedRow", "NewContact", "NewDncNumber", "NewMenu", "NotFound", "OfferFigures", "OfferInterval",
    "OfferReport", "OfferRow", "OfflineReason", "OpenSpan", "OpeningHours", "OpeningWindow", "OwnNumber", "Pacing",
    "Page", "Pages", "PauseReasons", "PhoneAccount", "PhoneAccountMade", "PhoneCredentials", "Preview",
    "PreviewCampaign", "PreviewOffered", "ProcessStatus", "Queue", "QueueCreated", "QueueDiagnostics", "QueueFigures",
    "QueueInterval", "QueueLive", "QueueLiveDetail", "QueueMember", "QueueReport", "QueueRow", "QueueSettings",
    "QueueSettingsChange", "QueuesLive", "QueuesWithCallers", "RateLimited", "RecordingLink", "ResetLink", "Retry",
    "RetryRule", "ServerFailed", "ServiceFigures", "SipEndpoint", "SipEndpointGiven", "SkillNeeded", "Sound",
    "SoundFile", "SoundUploaded", "StateSeconds", "Switch", "SwitchBeat", "SwitchStatus", "Team",
    "TeamCreated", "Teams", "Tenant",
    "Timeline", "TimelinePoint", "TongdaiError", "Unauthorized", "UnexpectedAnswer", "User", "UserCreated",
    "UserSession", "UserSessions", "WaitTimeout", "WaitingCaller", "Wallboard", "WallboardCreated",
    "WallboardThreshold", "WallboardThresholds", "Wallboards", "WrapUpCode", "WrapUpCodeCreated", "WrapUpCodes",
    "WrapUpCount", "WrapUpCounts", "WrapUpRule", "__version__",
]  # fmt: skip
