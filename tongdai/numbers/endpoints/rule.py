"""The rule whose phone or trunk may be called, as every statement asks it that leads to a call.

| given to           | simulated switch, or never led | Asterisk, one tenant | Asterisk, several tenants |
|--------------------|--------------------------------|----------------------|---------------------------|
| the tenant, or all | yes                            | yes                  | yes                       |
| another tenant     | no                             | -                    | no                        |
| nobody             | yes                            | yes                  | no                        |

An endpoint that is given as a trunk is no phone, and the other way round. docs/decisions/0038-ownership.md.
"""

from tongdai.numbers.endpoints.model import EndpointKind


def may_use(tenant: str, switch: str, name: str, kind: EndpointKind) -> str:
    """SQL: whether a tenant may call that endpoint of a switch; the first three are expressions."""
    return f"""coalesce(
        (
            select owned.kind = '{kind}' and coalesce(owned.tenant_id, {tenant}) = {tenant} from sip_endpoint owned
            where owned.switch_id = {switch} and owned.name = {name}
        ),
        exists (select from switch where switch_id = {switch} and kind is distinct from 'asterisk')
            or not exists (select from tenant other where other.tenant_id <> {tenant})
    )"""  # noqa: S608 - expressions of ours
