"""The freeze of the room `scoring`: a list of hashes that every change has to touch.

`python -m tests.scoring.freeze` checks, `--write` rewrites the list (docs/decisions/0002 says when that is right).
"""

from __future__ import annotations

import hashlib
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
_LIST = "scoring/FROZEN.sha256"


def differences(root: Path = ROOT) -> list[str]:
    """One sentence for each file changed, added or removed since the list was written; [] = frozen as it was."""
    listed, found = _listed(root), _hashes(root)
    sentences = {
        **dict.fromkeys(found.keys() - listed.keys(), "was added"),
        **dict.fromkeys(listed.keys() - found.keys(), "was removed"),
        **{name: "was changed" for name in found.keys() & listed.keys() if found[name] != listed[name]},
    }
    wrong = [f"{name} {what}." for name, what in sorted(sentences.items())]
    if (root / _LIST).exists() and _first_line(root) != _heading(root):
        wrong.insert(0, f"{_LIST} does not name the rules version of scoring/rules.py.")
    return wrong


def write(root: Path = ROOT) -> None:
    """Take the room as it is now for frozen."""
    lines = [_heading(root), *(f"{digest}  {name}" for name, digest in sorted(_hashes(root).items()))]
    (root / _LIST).write_text("\n".join(lines) + "\n", encoding="utf-8")


def main(arguments: list[str]) -> int:
    if arguments == ["--write"]:
        write()
        print(f"{_LIST} is rewritten.")
        return 0
    wrong = differences()
    if wrong:
        print("The room `scoring` is frozen, but it is not what its list says:", *wrong, sep="\n  ")
        print("A change needs a new rules version and an entry in docs/decisions (see 0002).")
        return 1
    print("The room `scoring` is as it was frozen.")
    return 0


def _hashes(root: Path) -> dict[str, str]:
    files = (root / "scoring").rglob("*.py")
    return {file.relative_to(root).as_posix(): hashlib.sha256(file.read_bytes()).hexdigest() for file in files}


def _listed(root: Path) -> dict[str, str]:
    file = root / _LIST
    if not file.exists():
        return {}
    lines = (line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#"))
    return {name: digest for digest, name in (line.split("  ", 1) for line in lines)}


def _first_line(root: Path) -> str:
    return (root / _LIST).read_text(encoding="utf-8").partition("\n")[0]


def _heading(root: Path) -> str:
    rules = (root / "scoring/rules.py").read_text(encoding="utf-8")
    version = re.search(r'^RULES_VERSION = "(\w+)"$', rules, re.MULTILINE)
    return f"# Rules version {version[1] if version else 'unknown'}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
