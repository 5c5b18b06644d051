import shutil

import pytest
from conftest import flip_a_bit

from dcgan_helpers import _shipped
from dcgan_helpers._shipped import FILES, load_shipped

NAMES = sorted(path.name for path in FILES.glob("*.npz"))


@pytest.mark.parametrize("name", NAMES)
def test_every_file_is_the_one_in_the_list(name):
    assert load_shipped(name)


def test_the_list_has_every_file_once():
    lines = (FILES / "SHA256SUMS").read_text().splitlines()
    assert [line.split("  ")[1] for line in lines] == NAMES


@pytest.mark.parametrize(
    ("name", "largest"),
    [
        ("mnist.npz", 12_000_000),
        ("mnist_classifier.npz", 500_000),
        ("reference_generator.npz", 5_000_000),
        ("reference_run.npz", 500_000),
    ],
)
def test_files_are_small(name, largest):
    assert (FILES / name).stat().st_size <= largest


def test_a_damaged_file_is_refused(tmp_path, monkeypatch):
    for name in ("SHA256SUMS", "mnist_classifier.npz"):
        shutil.copy(FILES / name, tmp_path)
    monkeypatch.setattr(_shipped, "FILES", tmp_path)
    assert load_shipped("mnist_classifier.npz")
    flip_a_bit(tmp_path / "mnist_classifier.npz")
    with pytest.raises(ValueError, match=r"mnist_classifier\.npz is damaged: its SHA-256"):
        load_shipped("mnist_classifier.npz")
    shutil.copy(FILES / "reference_run.npz", tmp_path / "mnist_classifier.npz")
    with pytest.raises(ValueError, match=r"mnist_classifier\.npz is damaged"):
        load_shipped("mnist_classifier.npz")


def test_a_missing_file_is_named():
    with pytest.raises(FileNotFoundError, match=r"none\.npz"):
        load_shipped("none.npz")
