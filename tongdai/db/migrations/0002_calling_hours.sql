-- Default calling hours of tenants. A campaign that names neither a preset nor windows calls within them; to call at any
-- hour it must say so. Campaigns from before could not tell the two apart, so those without a preset get the hours.

create table calling_hours (
    tenant_id bigint primary key references tenant,
    windows   jsonb not null  -- as campaign.windows: the spans of each day, Monday first, in minutes after midnight
);

alter table campaign drop constraint campaign_preset_check;
alter table campaign alter column preset set default 'tenant_hours';
update campaign set preset = 'tenant_hours' where preset = 'none';
alter table campaign add constraint campaign_preset_check
    check (preset in ('none', 'tenant_hours', 'us_telemarketing', 'vn_advertising'));
