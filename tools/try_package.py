"""Try the installed package, wherever it is: everything that reads one of its files.

Run it as a script from another folder, so that the checkout is not what is imported.
"""

from __future__ import annotations

import sys
from importlib.metadata import files, version
from pathlib import Path

import dcgan_helpers as dcgan


def main() -> None:
    """Import the package from this interpreter's own environment, and use it."""
    folder = Path(dcgan.__file__).resolve().parent
    assert Path(sys.prefix).resolve() in folder.parents, folder
    assert (folder / "py.typed").is_file(), "no types"
    listed = files("dcgan-helpers") or []
    assert any(file.name == "MNIST-LICENSE.md" for file in listed), "no license"
    assert version("dcgan-helpers") == dcgan.__version__

    data = dcgan.load_mnist()
    assert data.train_images.shape == (60000, 28, 28, 1), data.train_images.shape
    assert data.test_images.shape == (10000, 28, 28, 1), data.test_images.shape
    assert dcgan.classify(data.test_images[:4]).argmax(axis=1).tolist() == [7, 2, 1, 0]
    dcgan.load_reference_generator()
    dcgan.load_reference_run()
    dcgan.BalanceExplorer()
    dcgan.show_drawing("gan")
    print(f"dcgan_helpers {dcgan.__version__} works as installed: {len(dcgan.__all__)} names")


if __name__ == "__main__":
    main()
