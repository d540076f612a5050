"""The methods of both clients, each declared once by the operation that it sends or the flow that it runs.

A declaration has two types: a blocking one on `Client` and an awaitable one on `AsyncClient`. Each client class makes
functions of all declarations with `implemented_by`.
"""

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Coroutine, Generator
from typing import TYPE_CHECKING, Any, Concatenate, Generic, ParamSpec, Self, TypeVar, overload

from tongdai_client import operations
from tongdai_client.operation import Operation, PagedOperation
from tongdai_client.session import Session

if TYPE_CHECKING:
    from tongdai_client.async_client import AsyncClient, AsyncPages
    from tongdai_client.client import Client, Pages

T = TypeVar("T")
P = ParamSpec("P")
C = TypeVar("C")


class Method(Generic[P, T]):
    """A method with one result. `documented` has its name, parameters and docstring."""

    def __init__(
        self,
        flow: Callable[Concatenate[Session, P], Coroutine[Any, Any, T]],
        documented: Callable[..., object] | None = None,
    ) -> None:
        self.flow = flow
        self.documented = documented or flow

    @overload
    def __get__(self, client: "Client", owner: object) -> Callable[P, T]: ...
    @overload
    def __get__(self, client: "AsyncClient", owner: object) -> Callable[P, Coroutine[Any, Any, T]]: ...
    @overload
    def __get__(self, client: None, owner: object) -> Self: ...
    def __get__(self, client: object, owner: object) -> Any:
        return self


class Paged(Generic[P, T]):
    """A method that returns the records of a list."""

    def __init__(self, make: Callable[P, PagedOperation[T]]) -> None:
        self.make = self.documented = make

    @overload
    def __get__(self, client: "Client", owner: object) -> "Callable[P, Pages[T]]": ...
    @overload
    def __get__(self, client: "AsyncClient", owner: object) -> "Callable[P, AsyncPages[T]]": ...
    @overload
    def __get__(self, client: None, owner: object) -> Self: ...
    def __get__(self, client: object, owner: object) -> Any:
        return self


class Stream(Generic[P, T]):
    """A method that yields results as they come."""

    def __init__(self, flow: Callable[Concatenate[Session, P], AsyncGenerator[T]]) -> None:
        self.flow = self.documented = flow

    @overload
    def __get__(self, client: "Client", owner: object) -> Callable[P, Generator[T]]: ...
    @overload
    def __get__(self, client: "AsyncClient", owner: object) -> Callable[P, AsyncGenerator[T]]: ...
    @overload
    def __get__(self, client: None, owner: object) -> Self: ...
    def __get__(self, client: object, owner: object) -> Any:
        return self


def sends(make: Callable[P, Operation[T]]) -> Method[P, T]:
    """A method that sends one operation."""

    async def flow(session: Session, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await session.execute(make(*args, **kwargs))

    return Method(flow, make)


class Methods:
    campaigns = Paged(operations.campaigns.campaigns)
    campaign = sends(operations.campaigns.campaign)
    create_campaign = sends(operations.campaigns.create_campaign)
    update_campaign = sends(operations.campaigns.update_campaign)
    start_campaign = sends(operations.campaigns.start_campaign)
    pause_campaign = sends(operations.campaigns.pause_campaign)
    stop_campaign = sends(operations.campaigns.stop_campaign)
    archive_campaign = sends(operations.campaigns.archive_campaign)
    unarchive_campaign = sends(operations.campaigns.unarchive_campaign)

    contact_lists = sends(operations.contacts.contact_lists)
    contacts = Paged(operations.contacts.contacts)
    add_contact = sends(operations.contacts.add_contact)
    put_contact = sends(operations.contacts.put_contact)
    contact = sends(operations.contacts.contact)
    update_contact = sends(operations.contacts.update_contact)
    delete_contact = sends(operations.contacts.delete_contact)
    call_again = Method(operations.contacts.call_again)
    delete_contacts = Method(operations.contacts.delete_contacts)
    move_contacts = Method(operations.contacts.move_contacts)
    change_contacts = Method(operations.contacts.change_contacts)
    create_contact_list = sends(operations.contacts.create_contact_list)
    rename_contact_list = sends(operations.contacts.rename_contact_list)
    delete_contact_list = sends(operations.contacts.delete_contact_list)

    search_contacts = Paged(operations.contacts.search_contacts)
    changed_contacts = Paged(operations.contacts.changed_contacts)
    changed_calls = Paged(operations.calls.changed_calls)
    customer = sends(operations.contacts.customer)
    export_customer = sends(operations.contacts.export_customer)
    erase_customer = Method(operations.contacts.erase_customer)

    import_contacts = sends(operations.imports.import_contacts)
    import_file = sends(operations.imports.import_file)
    file_columns = sends(operations.imports.file_columns)
    import_job = sends(operations.imports.import_job)
    import_jobs = Paged(operations.imports.import_jobs)
    import_rows = Paged(operations.imports.import_rows)
    save_rows_csv = Method(operations.imports.save_rows_csv)
    save_failed_rows = Method(operations.imports.save_failed_rows)
    wait = Method(operations.imports.wait)
    watch = Stream(operations.imports.watch)
    undo_import = Method(operations.imports.undo_import)

    dnc_lists = Paged(operations.do_not_call.dnc_lists)
    dnc_list = sends(operations.do_not_call.dnc_list)
    create_dnc_list = sends(operations.do_not_call.create_dnc_list)
    delete_dnc_list = sends(operations.do_not_call.delete_dnc_list)
    dnc_numbers = Paged(operations.do_not_call.dnc_numbers)
    add_dnc_number = sends(operations.do_not_call.add_dnc_number)
    add_dnc_numbers = sends(operations.do_not_call.add_dnc_numbers)
    add_dnc_csv = sends(operations.do_not_call.add_dnc_csv)
    save_dnc_csv = Method(operations.do_not_call.save_dnc_csv)
    remove_dnc_number = sends(operations.do_not_call.remove_dnc_number)
    check_dnc = sends(operations.do_not_call.check_dnc)

    queues = Paged(operations.queues.queues)
    queue = sends(operations.queues.queue)
    create_queue = sends(operations.queues.create_queue)
    update_queue = sends(operations.queues.update_queue)
    delete_queue = sends(operations.queues.delete_queue)

    queue_settings = sends(operations.queues.queue_settings)
    update_queue_settings = sends(operations.queues.update_queue_settings)

    menus = Paged(operations.queues.menus)
    menu = sends(operations.queues.menu)
    create_menu = sends(operations.queues.create_menu)
    replace_menu = sends(operations.queues.replace_menu)
    delete_menu = sends(operations.queues.delete_menu)

    sounds = Paged(operations.queues.sounds)
    upload_sound = sends(operations.queues.upload_sound)
    save_sound = Method(operations.queues.save_sound)
    rename_sound = sends(operations.queues.rename_sound)
    delete_sound = sends(operations.queues.delete_sound)

    opening_hours = sends(operations.opening_hours.opening_hours)
    default_opening_hours = sends(operations.opening_hours.default_opening_hours)
    set_opening_hours = sends(operations.opening_hours.set_opening_hours)
    set_default_opening_hours = sends(operations.opening_hours.set_default_opening_hours)
    close_queue = sends(operations.opening_hours.close_queue)
    close_queues = sends(operations.opening_hours.close_queues)
    open_queue = sends(operations.opening_hours.open_queue)
    open_queues = sends(operations.opening_hours.open_queues)
    holidays = sends(operations.opening_hours.holidays)
    change_holidays = sends(operations.opening_hours.change_holidays)

    agents = Paged(operations.agents.agents)
    agent = sends(operations.agents.agent)
    create_agent = sends(operations.agents.create_agent)
    update_agent = sends(operations.agents.update_agent)
    delete_agent = sends(operations.agents.delete_agent)
    phone_account = sends(operations.agents.phone_account)
    make_phone_account = sends(operations.agents.make_phone_account)
    rotate_phone_password = sends(operations.agents.rotate_phone_password)
    remove_phone_account = sends(operations.agents.remove_phone_account)
    sign_in_agent = sends(operations.agents.sign_in_agent)
    sign_out_agent = sends(operations.agents.sign_out_agent)
    ready_agent = sends(operations.agents.ready_agent)
    pause_agent = sends(operations.agents.pause_agent)
    set_next_state = sends(operations.agents.set_next_state)
    force_pause_agent = sends(operations.agents.force_pause_agent)
    force_ready_agent = sends(operations.agents.force_ready_agent)
    force_sign_out_agent = sends(operations.agents.force_sign_out_agent)
    release_agent = sends(operations.agents.release_agent)
    next_preview = sends(operations.agents.next_preview)
    accept_preview = sends(operations.agents.accept_preview)
    preview = sends(operations.agents.preview)
    skip_preview = sends(operations.agents.skip_preview)
    agent_today = sends(operations.agents.agent_today)
    pause_reasons = sends(operations.agents.pause_reasons)
    set_pause_reasons = sends(operations.agents.set_pause_reasons)

    wrap_up_codes = sends(operations.agents.wrap_up_codes)
    create_wrap_up_code = sends(operations.agents.create_wrap_up_code)
    update_wrap_up_code = sends(operations.agents.update_wrap_up_code)
    delete_wrap_up_code = sends(operations.agents.delete_wrap_up_code)
    campaign_wrap_up = sends(operations.agents.campaign_wrap_up)
    set_campaign_wrap_up = sends(operations.agents.set_campaign_wrap_up)
    queue_wrap_up = sends(operations.agents.queue_wrap_up)
    set_queue_wrap_up = sends(operations.agents.set_queue_wrap_up)
    wrap_up_call = sends(operations.agents.wrap_up_call)
    wrap_up_counts = sends(operations.agents.wrap_up_counts)

    hold_call = sends(operations.calls.hold_call)
    transfer_call = sends(operations.calls.transfer_call)
    resume_call = sends(operations.calls.resume_call)
    mute_call = sends(operations.calls.mute_call)
    unmute_call = sends(operations.calls.unmute_call)
    send_dtmf = sends(operations.calls.send_dtmf)
    listen_to_call = sends(operations.calls.listen_to_call)
    whisper_in_call = sends(operations.calls.whisper_in_call)
    barge_into_call = sends(operations.calls.barge_into_call)
    leave_call = sends(operations.calls.leave_call)
    take_over_call = sends(operations.calls.take_over_call)
    consult = sends(operations.calls.consult)
    complete_consult = sends(operations.calls.complete_consult)
    cancel_consult = sends(operations.calls.cancel_consult)
    join_conference = sends(operations.calls.join_conference)
    hang_up_call = sends(operations.calls.hang_up_call)

    missed_calls = Paged(operations.calls.missed_calls)
    claim_missed_call = sends(operations.calls.claim_missed_call)
    release_missed_call = sends(operations.calls.release_missed_call)
    close_missed_call = sends(operations.calls.close_missed_call)

    callbacks = Paged(operations.calls.callbacks)
    create_callback = sends(operations.calls.create_callback)
    change_callback = sends(operations.calls.change_callback)
    cancel_callback = sends(operations.calls.cancel_callback)

    calls = Paged(operations.calls.calls)
    call = sends(operations.calls.call)
    attempts = Paged(operations.calls.attempts)
    save_calls_csv = Method(operations.calls.save_calls_csv)
    save_recording = Method(operations.calls.save_recording)
    recording_link = sends(operations.calls.recording_link)
    delete_recording = sends(operations.calls.delete_recording)
    hold_recording = sends(operations.calls.hold_recording)
    release_recording = sends(operations.calls.release_recording)

    queue_report = sends(operations.reports.queue_report)
    save_report = Method(operations.reports.save_report)
    agent_report = sends(operations.reports.agent_report)
    offer_report = sends(operations.reports.offer_report)
    missed_report = sends(operations.reports.missed_report)
    campaign_report = sends(operations.reports.campaign_report)
    import_report = sends(operations.reports.import_report)
    call_logs = sends(operations.reports.call_logs)

    live = sends(operations.live.live)
    health = sends(operations.live.health)
    campaign_live = sends(operations.live.campaign_live)
    campaign_timeline = sends(operations.live.campaign_timeline)
    watch_campaign = Stream(operations.live.watch_campaign)
    queues_live = sends(operations.live.queues_live)
    queue_live = sends(operations.live.queue_live)
    watch_live = Stream(operations.live.watch_live)
    watch_queues = Stream(operations.live.watch_queues)
    watch_queue = Stream(operations.live.watch_queue)

    numbers = Paged(operations.numbers.numbers)
    caller_ids = sends(operations.numbers.caller_ids)
    called_numbers = Paged(operations.numbers.called_numbers)
    give_number = sends(operations.numbers.give_number)
    take_number = sends(operations.numbers.take_number)
    sip_endpoints = Paged(operations.numbers.sip_endpoints)
    give_endpoint = sends(operations.numbers.give_endpoint)
    take_endpoint = sends(operations.numbers.take_endpoint)

    dialing = sends(operations.dialing.dialing)
    hold_dialing = sends(operations.dialing.hold_dialing)
    release_dialing = sends(operations.dialing.release_dialing)

    campaign_diagnostics = sends(operations.diagnostics.campaign_diagnostics)
    contact_diagnostics = sends(operations.diagnostics.contact_diagnostics)
    queue_diagnostics = sends(operations.diagnostics.queue_diagnostics)

    tenant = sends(operations.tenants.tenant)
    calling_hours = sends(operations.tenants.calling_hours)
    set_calling_hours = sends(operations.tenants.set_calling_hours)
    api_keys = Paged(operations.tenants.api_keys)
    create_api_key = sends(operations.tenants.create_api_key)
    revoke_api_key = sends(operations.tenants.revoke_api_key)

    audit = Paged(operations.tenants.audit)
    users = Paged(operations.tenants.users)
    user = sends(operations.tenants.user)
    create_user = sends(operations.tenants.create_user)
    update_user = sends(operations.tenants.update_user)
    delete_user = sends(operations.tenants.delete_user)
    create_reset_link = sends(operations.tenants.create_reset_link)
    user_sessions = sends(operations.tenants.user_sessions)
    end_user_sessions = sends(operations.tenants.end_user_sessions)
    end_user_session = sends(operations.tenants.end_user_session)
    teams = sends(operations.tenants.teams)
    create_team = sends(operations.tenants.create_team)
    update_team = sends(operations.tenants.update_team)
    delete_team = sends(operations.tenants.delete_team)

    wallboards = sends(operations.live.wallboards)
    create_wallboard = sends(operations.live.create_wallboard)
    update_wallboard = sends(operations.live.update_wallboard)
    revoke_wallboard = sends(operations.live.revoke_wallboard)

    webhooks = sends(operations.webhooks.webhooks)
    webhook = sends(operations.webhooks.webhook)
    create_webhook = sends(operations.webhooks.create_webhook)
    update_webhook = sends(operations.webhooks.update_webhook)
    delete_webhook = sends(operations.webhooks.delete_webhook)
    rotate_webhook_secret = sends(operations.webhooks.rotate_webhook_secret)
    test_webhook = sends(operations.webhooks.test_webhook)
    webhook_deliveries = Paged(operations.webhooks.webhook_deliveries)
    webhook_delivery = sends(operations.webhooks.webhook_delivery)
    replay_webhook_delivery = sends(operations.webhooks.replay_webhook_delivery)
    replay_webhook = sends(operations.webhooks.replay_webhook)


def implemented_by(
    method: Callable[[Any], Any], paged: Callable[[Any], Any], stream: Callable[[Any], Any]
) -> Callable[[type[C]], type[C]]:
    """Give a client class a function for each declaration, made of its flow or operation by one of these three."""

    def implement(cls: type[C]) -> type[C]:
        for name, declared in vars(Methods).items():
            match declared:
                case Method():
                    made = method(declared.flow)
                case Paged():
                    made = paged(declared.make)
                case Stream():
                    made = stream(declared.flow)
                case _:
                    continue
            setattr(cls, name, _documented_as(made, declared.documented))
        return cls

    return implement


def _documented_as(made: Any, function: Callable[..., object]) -> Any:
    """Give a method the name, docstring and parameters of a function, with `self` in place of a `session`."""
    functools.update_wrapper(made, function)
    del made.__wrapped__  # inspect would follow it to a signature without `self`
    parameters = list(inspect.signature(function).parameters.values())
    if parameters[:1] and parameters[0].name == "session":
        parameters = parameters[1:]
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    made.__signature__ = inspect.Signature([own, *parameters])
    return made
