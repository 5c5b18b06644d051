"""The docstrings: their examples run, and the API page has every public name."""

import doctest
import importlib
import pkgutil
import re

import pytest

import dcgan_helpers as dcgan
from tools.address import ROOT

MODULES = sorted(
    module.name for module in pkgutil.walk_packages(dcgan.__path__, prefix="dcgan_helpers.")
)


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_run(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    public = {word: getattr(dcgan, word) for word in dcgan.__all__}
    result = doctest.testmod(module, extraglobs={**public, "dcgan": dcgan})
    assert result.failed == 0


def test_every_public_name_is_on_the_api_page():
    page = (ROOT / "book" / "api.md").read_text(encoding="utf-8")
    described = re.findall(r"^\.\. (?:auto(?:function|class)|py:data):: (\w+)$", page, re.MULTILINE)
    assert sorted(described) == sorted(dcgan.__all__)
