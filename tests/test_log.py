"""Errors are logged without the values of local variables."""

import json
import subprocess
import sys

import pytest

FAILING = """
import structlog
from tongdai import log

log.configure("{}", "info", "api")
secret = "sk_" + "live_" + "of_somebody"
def fail(key):
    raise ValueError(f"no such thing: {{key}}")
try:
    fail(secret)
except ValueError:
    structlog.get_logger().exception("request failed", path="/v1\\nforged line")
"""


def logged(form):
    done = subprocess.run([sys.executable, "-c", FAILING.format(form)], capture_output=True, text=True, check=True)
    return done.stderr


@pytest.mark.parametrize("form", ["text", "json"])
def test_traceback_has_place_and_type_and_no_value(form):
    line = logged(form)
    assert "in fail" in line
    assert "ValueError" in line
    assert "sk_live" not in line


def test_a_field_cannot_forge_a_line():
    assert "\nforged" not in logged("text")


def test_json_is_one_object_a_line():
    event = json.loads(logged("json"))
    assert (event["event"], event["level"], event["process"]) == ("request failed", "error", "api")
