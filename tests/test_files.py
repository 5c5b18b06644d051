import os

import pytest

from dcgan_helpers._files import write_whole


def test_a_file_appears_when_it_is_complete(tmp_path):
    path = tmp_path / "file"
    with write_whole(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert list(tmp_path.iterdir()) == [path]


def test_what_was_there_stays_if_writing_fails(tmp_path):
    path = tmp_path / "file"
    path.write_bytes(b"before")

    def write_half():
        with write_whole(path) as file:
            file.write(b"half")
            raise RuntimeError

    with pytest.raises(RuntimeError):
        write_half()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_stays_a_link_and_a_new_file_has_the_usual_permissions(tmp_path):
    target, link, usual = tmp_path / "target", tmp_path / "link", tmp_path / "usual"
    usual.touch()
    link.symlink_to(target)
    with write_whole(link) as file:
        file.write(b"x")
    assert link.is_symlink()
    assert target.read_bytes() == b"x"
    assert os.stat(target).st_mode == os.stat(usual).st_mode
