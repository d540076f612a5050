import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { oneOf, text, useFilters } from "../../app/search.ts";
import { api, call } from "../../data/api.ts";
import { number, phone } from "../../format/format.ts";
import { Badge } from "../../parts/Badge.tsx";
import { Select } from "../../parts/Field.tsx";
import { Find } from "../../parts/Find.tsx";
import { Panel } from "../../parts/Panel.tsx";
import { Empty, Shown } from "../../parts/states.tsx";
import { Table } from "../../parts/Table.tsx";
import { Page } from "../../shell/Page.tsx";
import css from "./campaigns.module.css";
import { PROCESSES, toneOf } from "./states.ts";
import { useCampaignWords } from "./words.ts";

const SIZE = 50;
type Filters = { list: string | undefined; process: "0" | "1" | "2" | undefined; phone: string | undefined; externalId: string | undefined; cursor: string | undefined };

function read(search: Record<string, unknown>): Filters {
  return {
    list: text(search, "list"), process: oneOf({ process: text(search, "process") }, "process", ["0", "1", "2"] as const),
    phone: text(search, "phone"), externalId: text(search, "externalId"), cursor: text(search, "cursor"),
  };
}

/** The contacts of a list of a campaign. Its filters and its page are in the URL. */
export default function Contacts() {
  const t = useCampaignWords();
  const id = Number((useParams({ strict: false }) as { campaignId: string }).campaignId);
  const path = { params: { path: { id } } };
  const [filters, change] = useFilters(read);
  const campaign = useQuery({ queryKey: ["campaigns", id], queryFn: () => call(api.GET("/v1/campaigns/{id}", path)) });
  const lists = useQuery({ queryKey: ["campaigns", id, "lists"], queryFn: () => call(api.GET("/v1/campaigns/{id}/contact-lists", path)) });
  const shown = lists.data?.data.find(({ listId }) => String(listId) === filters.list) ?? lists.data?.data[0];
  return (
    <Page title={t.contactsOf(campaign.data?.campaignName ?? "…")} more={<Link to="/campaigns/$campaignId" params={{ campaignId: String(id) } as never}>{t.name}</Link>}>
      <Panel title={t.contacts}>
        <div className={css["filters"]}>
          <Select label={t.list} value={shown ? String(shown.listId) : ""} onChange={(event) => change({ list: event.target.value, cursor: undefined })}>
            {lists.data?.data.map(({ listId, listName, contactCount }) => <option key={listId} value={listId}>{`${listName} (${number(contactCount)})`}</option>)}
          </Select>
          <Select label={t.state} value={filters.process ?? ""} onChange={(event) => change({ process: (event.target.value || undefined) as Filters["process"], cursor: undefined })}>
            <option value="">{t.anyProcess}</option>
            {Object.entries(PROCESSES).map(([value, [word]]) => <option key={value} value={value}>{t.process[word]}</option>)}
          </Select>
          <Find key={`p${filters.phone}`} label={t.findNumber} value={filters.phone} onFind={(value) => change({ phone: value, cursor: undefined })} />
          <Find key={`e${filters.externalId}`} label={t.findId} value={filters.externalId} onFind={(value) => change({ externalId: value, cursor: undefined })} />
        </div>
        <Shown of={lists}>{() => (shown ? <Rows id={id} listId={shown.listId} filters={filters} go={(cursor) => change({ cursor })} /> : <Empty title={t.noLists} />)}</Shown>
      </Panel>
    </Page>
  );
}

function Rows({ id, listId, filters, go }: { id: number; listId: number; filters: Filters; go: (cursor: string | undefined) => void }) {
  const t = useCampaignWords();
  const query = {
    size: SIZE,
    cursor: filters.cursor ?? "*",
    ...(filters.process ? { processStatus: Number(filters.process) } : {}),
    ...(filters.phone ? { phoneNumber: filters.phone } : {}),
    ...(filters.externalId ? { externalId: filters.externalId } : {}),
  };
  const contacts = useQuery({
    queryKey: ["campaigns", id, "contacts", listId, query],
    queryFn: () => call(api.GET("/v1/campaigns/{id}/contact-lists/{listId}/contacts", { params: { path: { id, listId }, query } })),
  });
  return (
    <Shown of={contacts}>
      {({ data, nextCursor, totalRecord }) => (
        <Table
          label={t.contacts}
          rows={data}
          rowKey={({ contactId }) => contactId}
          empty={<Empty title={t.noContacts} />}
          paging={{ total: totalRecord, cursor: filters.cursor, next: nextCursor ?? null, go }}
          columns={[
            { id: "name", title: t.person, cell: ({ contactId, name }) => <Link to="/campaigns/$campaignId/contacts/$contactId" params={{ campaignId: String(id), contactId: String(contactId) } as never}>{name ?? t.noName}</Link> },
            { id: "phone", title: t.phone, cell: ({ phoneNumber }) => phone(phoneNumber) },
            { id: "externalId", title: t.externalId, cell: ({ externalId }) => externalId ?? "–" },
            { id: "process", title: t.state, cell: ({ processStatus }) => <Badge tone={PROCESSES[processStatus][1]}>{t.process[PROCESSES[processStatus][0]]}</Badge> },
            { id: "outcome", title: t.lastOutcome, cell: ({ callStatus }) => (callStatus ? <Badge tone={toneOf(callStatus)}>{t.outcomeNames[callStatus]}</Badge> : "–") },
            { id: "zone", title: t.zone, cell: ({ timeZone }) => timeZone ?? "–" },
          ]}
        />
      )}
    </Shown>
  );
}
