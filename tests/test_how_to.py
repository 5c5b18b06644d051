"""The page "Use it in your own project": its code runs as it stands, with fewer steps."""

import re

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from tools.address import ROOT

TEXT = (ROOT / "book" / "how-to.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```python\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def ran(tmp_path_factory):
    """The folder in which every piece ran, in order, and the names that it left."""
    folder = tmp_path_factory.mktemp("how-to")
    (folder / "pictures").mkdir()
    random = np.random.default_rng(0)
    for i, pixels in enumerate(random.integers(0, 256, (20, 40, 36, 3), np.uint8)):
        Image.fromarray(pixels).save(folder / "pictures" / f"{i}.png")
    names = {}
    code = "\n".join(BLOCKS)
    assert code.count("STEPS = 3000") == 1
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        exec(compile(code.replace("STEPS = 3000", "STEPS = 10"), "how-to.md", "exec"), names)
    return folder, names


def test_every_piece_runs(ran):
    folder, names = ran
    assert len(BLOCKS) == 6
    for name in ("run.gif", "generator.keras"):
        assert (folder / name).stat().st_size > 1000
    assert [int(names[name].step) for name in ("gan", "own", "watched")] == [10, 10, 10]
    assert list((folder / "run").iterdir())


def test_tensorboard_reads_what_was_written(ran):
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    folder, names = ran
    events = EventAccumulator(str(folder / "logs"))
    events.Reload()
    written = events.Tags()["tensors"]
    assert set(written) == {"generator_loss", "discriminator_loss", "images"}
    assert [event.step for event in events.Tensors("images")] == list(range(1, 11))
    last = tf.make_ndarray(events.Tensors("generator_loss")[-1].tensor_proto)
    assert float(last) == pytest.approx(names["history"].step_losses["generator_loss"][-1])


def test_the_file_draws_what_the_run_draws(ran):
    _, names = ran
    assert names["pixels"].shape == (8, 32, 32, 3)
    assert names["pixels"].dtype == np.uint8
    np.testing.assert_allclose(names["made"], names["gan"].generate(names["noise"]), atol=1e-5)


def test_lines_of_code_fit_the_page():
    assert max(len(line) for block in BLOCKS for line in block.splitlines()) <= 76
