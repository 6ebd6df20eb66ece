"""Fifty thousand findings: every form is written, in memory that a build machine has."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pytest

from basewise.report.scan import SCAN_FORMATS, render_scan
from basewise.testing.scans import many_findings

MOST_MEMORY_KIB = 768 * 1024
_WRITE_ALL = """
import json, resource, sys
from basewise.report.scan import render_scan
from basewise.testing.scans import many_findings
scan = many_findings(50_000)
sizes = {form: len(render_scan(scan, form, width=100, color=False)) for form in sys.argv[1:]}
print(json.dumps([sizes, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="memory is measured in the unit of Linux")
def test_fifty_thousand_findings_are_written_in_bounded_memory() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _WRITE_ALL, *SCAN_FORMATS], capture_output=True, text=True, check=True
    )
    sizes, memory_kib = json.loads(done.stdout)
    assert memory_kib < MOST_MEMORY_KIB
    assert sizes["markdown"] < 65_536
    assert min(size for form, size in sizes.items() if form not in {"markdown", "table", "html"}) > 10_000_000


def test_sarif_ends_where_the_services_do_and_says_so() -> None:
    text = render_scan(many_findings(25_001), "sarif", width=100, color=False)
    (run,) = json.loads(text)["runs"]
    assert len(run["results"]) == 25_000
    assert run["properties"]["basewise:count:results"] == "25000"
    assert run["properties"]["basewise:count:findings"] == "25001"
    (notice,) = run["invocations"][0]["toolExecutionNotifications"]
    assert notice["message"]["text"].startswith("25001 findings, of which the 25000 most urgent are results")
    assert len(gzip.compress(text.encode(), compresslevel=1)) < 10_000_000


def test_a_comment_ends_where_its_room_does_and_counts_the_rest() -> None:
    text = render_scan(many_findings(1_000), "markdown", width=100, color=False)
    rows = sum(line.startswith("| [CVE") for line in text.splitlines())
    assert len(text) < 65_536
    assert f"{1_000 - rows} of 1000 findings are left out here" in text
    assert "debian_archive bookworm" in text.replace("\\_", "_")
