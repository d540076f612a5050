"""The files of deploy/, by the programs that are made for them."""

import re
from pathlib import Path

import pytest

from tests.deploy.conftest import DEPLOY, Tool


def test_rules_are_valid_and_fire_when_they_should(tool: Tool) -> None:
    assert "rules found" in tool("root/usr/bin/promtool", "check", "rules", "prometheus/rules.yml")
    assert "SUCCESS" in tool("root/usr/bin/promtool", "test", "rules", "prometheus/rules_test.yml")


def test_scrape_configuration_is_valid(tool: Tool) -> None:
    assert "SUCCESS" in tool("root/usr/bin/promtool", "check", "config", "prometheus/prometheus.yml")


def test_dockerfile_is_clean(tool: Tool) -> None:
    assert tool("linters/bin/hadolint", "docker/Dockerfile") == ""


def test_compose_file_matches_the_schema(tool: Tool) -> None:
    tool("linters/bin/check-jsonschema", "--builtin-schema", "vendor.compose-spec", "docker/compose.yaml")


@pytest.mark.parametrize("name", ["tongdai.service", "tongdai@api.service", "tongdai-backup.service"])
def test_unit_is_valid_and_sandboxed(tool: Tool, tmp_path: Path, name: str) -> None:
    template = DEPLOY / "systemd" / re.sub("@.*\\.", "@.", name)
    unit = tmp_path / name
    unit.write_text(template.read_text().replace("/opt/tongdai/bin/tongdai", "/bin/true"))
    assert "Unknown" not in tool("root/usr/bin/systemd-analyze", "verify", str(unit))
    exposed = tool("root/usr/bin/systemd-analyze", "security", "--offline=true", str(unit))
    (level,) = re.findall(r"Overall exposure level for .*: ([0-9.]+)", exposed)
    assert float(level) < 3, exposed
