"""The client is tested against the real face: see tests/faces/conftest.py, whose fixtures are shared."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

_path = Path(__file__).parent.parent / "faces" / "conftest.py"
_spec = importlib.util.spec_from_file_location("netloom_tests_faces", _path)
assert _spec is not None
assert _spec.loader is not None
_module = importlib.util.module_from_spec(_spec)
sys.modules["netloom_tests_faces"] = _module
_spec.loader.exec_module(_module)

live = _module.live
quiet = _module.quiet
