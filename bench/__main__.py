"""`make bench`: runs every benchmark in a process of its own and writes bench/results.json (medians, ratios)."""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

FOLDER = Path(__file__).parent


def main(names: list[str]) -> None:
    modules = names or sorted(path.stem for path in FOLDER.glob("bench_*.py"))
    path = FOLDER / "results.json"
    results = json.loads(path.read_text()) if path.exists() else {}
    results["machine"] = {
        "cores": os.cpu_count(),
        "python": platform.python_version(),
        "at": datetime.now(UTC).isoformat(timespec="minutes"),
    }
    for name in modules:
        print(f"{name} …", flush=True)
        code = f"import json, sys, bench.{name} as b; json.dump(b.run(), sys.stdout)"
        done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stderr[-2000:], file=sys.stderr)
            raise SystemExit(f"{name} failed")
        results[name] = json.loads(done.stdout.splitlines()[-1])
        for key, value in results[name].items():
            print(f"  {key}: {value}", flush=True)
        path.write_text(json.dumps(results, indent=1, sort_keys=True) + "\n")


main(sys.argv[1:])
