"""What somebody does who alters a saved agent and hides it."""

import json
from pathlib import Path
from typing import Any

from agents.artifact import read_folder, write_folder
from agents.saved import KIND


def edit(folder: Path, *path: str, value: Any) -> None:
    """Change what agent.json says and make the manifest fit again, as a forger would."""
    described = json.loads((folder / "agent.json").read_text())
    inner = described
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = value
    files = read_folder(folder, kind=KIND) | {"agent.json": json.dumps(described).encode()}
    write_folder(folder, files, kind=KIND, replace=True)
