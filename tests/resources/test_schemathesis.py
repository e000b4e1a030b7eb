"""Requests generated from the OpenAPI document: every response is described there, and none is a 500."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.resource_process import ADMIN_KEY, ResourceProcess

EXAMPLES = 15
HOOK = """
import schemathesis

for media_type in ("application/offset+octet-stream", "application/vnd.mememime.batch"):
    schemathesis.serializer.alias(media_type, "application/octet-stream")
"""


@pytest.mark.slow
def test_openapi_document_matches_the_service(tmp_path):
    (tmp_path / "pieces_of_uploads.py").write_text(HOOK)
    with ResourceProcess(tmp_path / "service", timeout="30") as service:
        found = subprocess.run(
            [str(Path(sys.executable).with_name("schemathesis")), "run",
             f"http://127.0.0.1:{service.port}/openapi.json", "--header", f"Authorization: Bearer {ADMIN_KEY}",
             "--checks",
             "not_a_server_error,status_code_conformance,content_type_conformance,response_schema_conformance",
             "--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES), "--seed", "1", "--no-color",
             # GET /purges waits as long as it is asked to.
             "--suppress-health-check", "all", "--exclude-path", "/purges"],
            capture_output=True, text=True, cwd=tmp_path, check=False,
            env=os.environ | {"COLUMNS": "150", "SCHEMATHESIS_HOOKS": "pieces_of_uploads", "PYTHONPATH": str(tmp_path)},
        )  # fmt: skip
        unexpected = [line for line in service.lines() if line.get("event") == "request.failed"]
        assert service.request("GET", "/health").status == 200
    assert found.returncode == 0, found.stdout[-6000:] + found.stderr[-2000:]
    assert not unexpected, json.dumps(unexpected[0])
