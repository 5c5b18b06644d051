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


@pytest.mark.parametrize("letter", ["a", "數"])
def test_a_name_may_be_as_long_as_the_file_system_allows(tmp_path, letter):
    path = tmp_path / (letter * (255 // len(letter.encode())))
    with write_whole(path) as file:
        file.write(b"x")
    assert list(tmp_path.iterdir()) == [path]


def test_two_files_whose_long_names_begin_alike(tmp_path):
    a, b = tmp_path / ("x" * 200 + "a"), tmp_path / ("x" * 200 + "b")
    with write_whole(a) as first, write_whole(b) as second:
        first.write(b"a")
        second.write(b"b")
    assert (a.read_bytes(), b.read_bytes()) == (b"a", b"b")
