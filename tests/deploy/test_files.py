"""Agreement of the files of deploy/ with Tongdai: settings, series, files."""

import json
import re
from collections.abc import Iterator
from dataclasses import fields

import pytest
from prometheus_client import REGISTRY

from tests.deploy.conftest import DEPLOY, ROOT
from tongdai import metrics
from tongdai.settings.declarations import Settings

GUIDE = (ROOT / "docs" / "deploying.md").read_text("utf-8")
NAMES = {each.name for each in fields(Settings)}


def series() -> set[str]:
    assert metrics.REQUESTS
    names: set[str] = set()
    for metric in REGISTRY.collect():
        if metric.name.startswith("tongdai"):
            suffixes = {"counter": ["_total"], "histogram": ["_bucket", "_sum", "_count"]}.get(metric.type, [""])
            names |= {metric.name + suffix for suffix in suffixes}
    return names


def expressions() -> Iterator[tuple[str, str]]:
    for panel in json.loads((DEPLOY / "grafana/tongdai.json").read_text())["panels"]:
        yield from ((panel["title"], target["expr"]) for target in panel["targets"])
    yield "rules", (DEPLOY / "prometheus/rules.yml").read_text()
    yield "tests of rules", (DEPLOY / "prometheus/rules_test.yml").read_text()


@pytest.mark.parametrize(("where", "text"), [pytest.param(*each, id=each[0]) for each in expressions()])
def test_each_series_that_is_asked_for_exists(where: str, text: str) -> None:
    asked = set(re.findall(r"\btongdai_[a-z0-9_]+", text))
    assert asked, where
    assert asked <= series()


def test_every_series_of_tongdai_is_on_the_dashboard_or_in_a_rule() -> None:
    asked = {name for _, text in expressions() for name in re.findall(r"\btongdai_[a-z0-9_]+", text)}
    counted = {re.sub("_(bucket|sum|count)$", "", name) for name in series()}
    assert counted - {re.sub("_bucket$", "", name) for name in asked} <= {"tongdai_tenant_import_rows_total"}


@pytest.mark.parametrize("file", ["docker/Dockerfile", "docker/compose.yaml", "systemd/tongdai.service"])
def test_each_variable_is_a_setting(file: str) -> None:
    found = {name.lower() for name in re.findall(r"TONGDAI_([A-Z_]+)", (DEPLOY / file).read_text())}
    assert found
    assert found <= NAMES


def test_each_setting_that_the_guide_names_exists() -> None:
    named = {name for name in re.findall(r"`([a-z]+(?:_[a-z]+)+)`", GUIDE) if not name.startswith("tongdai_")}
    assert named - NAMES == set()


def test_each_file_that_the_guide_names_exists() -> None:
    named = set(re.findall(r"deploy/[a-z]+/[A-Za-z@._]+[a-z]", GUIDE))
    assert len(named) >= 6
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_unit_of_backups_is_as_the_server_s_where_it_can_be() -> None:
    server, backup = (
        (DEPLOY / "systemd" / name).read_text().splitlines() for name in ("tongdai.service", "tongdai-backup.service")
    )
    sandbox = [
        line for line in server if line.partition("=")[0].startswith(("Protect", "Restrict", "Private", "System"))
    ]
    assert [line for line in backup if line in sandbox] == sandbox
    assert "RemoveIPC=no" in backup, "or the end of a backup removes the shared memory of the running database"
    for option in ("User=", "Group=", "EnvironmentFile=", "UMask="):
        assert {line for line in server if line.startswith(option)} == {
            line for line in backup if line.startswith(option)
        }


def test_units_differ_only_in_what_they_must() -> None:
    one, many = (
        (DEPLOY / "systemd" / name).read_text().splitlines() for name in ("tongdai.service", "tongdai@.service")
    )
    sandbox = [line for line in one if line.partition("=")[0].startswith(("Protect", "Restrict", "Private", "System"))]
    assert len(sandbox) >= 15
    assert [line for line in many if line in sandbox] == sandbox
