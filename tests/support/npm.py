"""Packages of npm for a folder with a lock file."""

import shutil
import subprocess

from program import Failure


def install(folder):
    """Makes node_modules what the lock file says, unless it is already."""
    if not shutil.which("npm"):
        raise Failure("npm is missing: install Node.js 20 or newer")
    done, lock = folder / "node_modules" / ".package-lock.json", folder / "package-lock.json"
    if done.exists() and done.stat().st_mtime >= lock.stat().st_mtime:
        return
    command = ["npm", "ci", "--no-audit", "--no-fund", "--loglevel=error"]
    if subprocess.run(command, cwd=folder, check=False).returncode:
        raise Failure(f"npm ci failed in {folder.name}")
