import io
import sys

import pytest

from dcgan_helpers._messages import say


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
