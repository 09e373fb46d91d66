"""Packages of PyPI in an environment of their own, which is kept for the next time."""

import os
import subprocess
import venv
from pathlib import Path

CACHE = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def python(name, requirements):
    """A Python with what a file of requirements names."""
    folder = CACHE / f"postern-{name}"
    interpreter = folder / "bin" / "python"
    if not interpreter.exists():
        venv.create(folder, with_pip=True)
    install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r", requirements]
    subprocess.run([interpreter, *install], check=True)
    return interpreter
