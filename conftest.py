"""At the end of a run: where pytest's time went, by test file and by notebook."""

from __future__ import annotations

from collections import Counter

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Sum up the durations of a file's tests, or of a notebook's cells."""
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid.split("::")[0]] += report.duration
    terminalreporter.section("slowest files")
    for file, duration in seconds.most_common(15):
        terminalreporter.write_line(f"{duration:7.1f} s  {file}")
