-- A call to a contact has a queue once it is transferred: the ACD has it from then on.
alter table call
    drop constraint call_campaign,
    drop constraint call_contact,
    drop constraint call_called,
    drop constraint call_channel,
    add constraint call_campaign check (campaign_id is not null or queue_id is not null),
    add constraint call_contact check ((contact_id is null) = (campaign_id is null)),
    add constraint call_called check ((called is null) = (campaign_id is not null)),
    add constraint call_channel check (state = 'ended' or (campaign_id is null) = (channel is not null));
