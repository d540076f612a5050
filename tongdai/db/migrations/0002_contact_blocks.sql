-- How many contacts of a list have an id within a range of 2^span ids, kept with each change: `block` is
-- contact_id >> span. From the sums over a few dozen ranges of 2^20 ids, of 2^15 within one of them, and of 2^10 within
-- one of those, a page deep in a long list knows where it begins. Slots as in contact_tally.
create table contact_block (
    tenant_id bigint not null,
    list_id   bigint not null,
    span      smallint not null check (span in (10, 15, 20)),
    block     bigint not null,
    slot      smallint not null,
    contacts  integer not null,
    primary key (tenant_id, list_id, span, block, slot),
    foreign key (tenant_id, list_id) references contact_list
);

insert into contact_block (tenant_id, list_id, span, block, slot, contacts)
select tenant_id, list_id, span, contact_id >> span, 0, count(*)
from contact cross join (values (10), (15), (20)) spans (span)
group by tenant_id, list_id, span, contact_id >> span;

-- Whether anything still refers to a customer.
create index contact_customer on contact (tenant_id, customer_id);

-- A tenant, campaign or list that came after the last ANALYZE would be taken for one with a single row, and its rows
-- be read one by one through any index that begins with it. Without statistics each is taken for a part of the table.
alter table customer alter column tenant_id set statistics 0;
alter table contact alter column tenant_id set statistics 0, alter column campaign_id set statistics 0,
    alter column list_id set statistics 0;
