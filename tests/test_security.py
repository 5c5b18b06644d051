"""What SECURITY.md promises, as far as no other file of tests holds it."""

import ast
import io
import socket

import numpy as np
import pytest
from PIL import Image

import dcgan_helpers as dcgan
from dcgan_helpers import checkpoints
from tools.address import ROOT

SOURCES = sorted((ROOT / "dcgan_helpers").rglob("*.py"))
NETWORK = {"aiohttp", "ftplib", "http", "httpx", "requests", "socket", "ssl", "urllib", "urllib3"}
PROGRAMS = {"multiprocessing", "pty", "subprocess"}
UNPICKLERS = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
CALLS = {"eval", "exec", "system", "popen", "startfile", "get_file", "load_model", "load_weights"}


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.stem)
def test_no_module_can_reach_out_or_run_what_it_reads(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        modules = [alias.name for alias in getattr(node, "names", []) if hasattr(alias, "asname")]
        if isinstance(node, ast.ImportFrom) and not node.level:
            modules = [node.module]
        assert not {name.partition(".")[0] for name in modules} & (NETWORK | PROGRAMS | UNPICKLERS)
        if isinstance(node, ast.Call):
            assert getattr(node.func, "attr", getattr(node.func, "id", None)) not in CALLS
            if ast.unparse(node.func) == "np.load":
                assert "allow_pickle=False" in ast.unparse(node)


def test_the_files_of_the_package_need_no_network(monkeypatch):
    def refuse(*arguments):
        pytest.fail("it reached for the network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    digits = dcgan.load_mnist().test_images[:2]
    assert dcgan.classify(digits).shape == (2, 10)
    assert len(dcgan.load_reference_run().history.frames) == 51
    assert dcgan.load_reference_generator().count_params() > 0


class Trap:
    """Unpickling it fails the test."""

    def __reduce__(self):
        return pytest.fail, ("it was executed",)


def test_a_checkpoint_with_code_in_it_is_refused(tmp_path, tiny_gan):
    gan = tiny_gan()
    path = dcgan.Checkpoints(gan, tmp_path).save()
    state = {**gan.get_state(), "trap": np.array([Trap()], object)}
    path.write_bytes(checkpoints._pack(state))  # with the checksum that it should have
    with pytest.raises(OSError, match="allow_pickle"):
        dcgan.Checkpoints(gan, tmp_path).restore()


def test_a_pickle_in_the_place_of_a_checkpoint_is_refused(tmp_path, tiny_gan):
    path = dcgan.Checkpoints(tiny_gan(), tmp_path).save()
    content = io.BytesIO()
    np.save(content, np.array([Trap()], object), allow_pickle=True)
    path.write_bytes(content.getvalue() + checkpoints._digest(content.getbuffer()))
    with pytest.raises(OSError, match="allow_pickle"):
        dcgan.Checkpoints(tiny_gan(), tmp_path).restore()


def test_the_limit_of_pixels_is_the_one_stated():
    assert f"{2 * Image.MAX_IMAGE_PIXELS:,} pixels" in (ROOT / "SECURITY.md").read_text("utf-8")
