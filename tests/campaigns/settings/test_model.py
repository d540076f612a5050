"""Settings in the database are the declared ones."""

from tongdai.campaigns import store
from tongdai.campaigns.settings.columns import COLUMNS
from tongdai.campaigns.settings.model import CallSettings
from tongdai.campaigns.settings.windows import ALWAYS

NEW = "insert into campaign (tenant_id, name, type) values ($1, 'A', 'X') returning campaign_id"


async def test_defaults_of_the_columns_are_those_of_the_settings(conn, tenant):
    campaign_id = await conn.fetchval(NEW, tenant.tenant_id)
    assert await store.own_settings(conn, tenant.tenant_id, campaign_id) == (CallSettings(), ALWAYS)


def test_every_column_belongs_to_one_setting():
    assert len(set(COLUMNS)) == len(COLUMNS)
