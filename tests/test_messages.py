import io
import os
import sys
from pathlib import Path

import pytest

from dcgan_helpers._messages import say, shown


@pytest.mark.parametrize(
    ("encoding", "printed"), [("ascii", r"\xfc\u03b1\udc80"), ("utf-8", r"üα\udc80")]
)
def test_a_name_that_the_output_cannot_encode_is_printed_as_escapes(encoding, printed, monkeypatch):
    output = io.TextIOWrapper(io.BytesIO(), encoding)
    monkeypatch.setattr(sys, "stdout", output)
    say("üα\udc80")
    output.flush()
    assert output.buffer.getvalue().decode(encoding) == printed + "\n"


@pytest.mark.parametrize("output", [None, io.StringIO()])
def test_an_output_without_an_encoding_will_do(output, monkeypatch):
    monkeypatch.setattr(sys, "stdout", output)
    say("α")
    assert output is None or output.getvalue() == "α\n"


def test_a_path_is_shown_from_the_working_directory_on_if_it_lies_there(tmp_path, monkeypatch):
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    # On Windows the way to another drive has no relative form at all.
    monkeypatch.setattr("os.path.relpath", lambda *_: pytest.fail("there may be none"))
    assert shown(tmp_path / "work" / "run" / "step") == f"run{os.sep}step"
    assert shown(Path("run")) == "run"
    assert shown(tmp_path / "other") == str(tmp_path / "other")
