"""What the maintainers' tasks in ``noxfile.py`` run. Not part of the package."""
