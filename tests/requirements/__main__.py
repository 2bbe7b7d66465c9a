"""`python tests/requirements`: the locks anew from the `.in` files, for all Pythons and systems. Needs uv.

Versions stay as they are locked, as far as the `.in` files allow; with --upgrade, the newest are taken.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LOCKS = ("engine", "gradio3", "gradio4", "torch")
COMPILE = ("uv", "pip", "compile", "--quiet", "--no-config", "--universal", "--python-version", "3.10")
PLAIN = ("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links")
# PyPI has no builds for the CPU alone on Linux. Who tells pip where one lies may use it, too.
CPU_BUILDS = {
    "cp311-cp311-manylinux_2_28_x86_64": "6746dbcbeb526eb61330b76b41ff1b4eb848951103a892eeb080dfa2b264667b",
}


def main() -> int:
    """Compiles each lock; 0 when all of them are made."""
    for name in LOCKS:
        alone = ("--no-deps",) if name == "torch" else ()
        command = [*COMPILE, *PLAIN, *alone, *sys.argv[1:], f"{name}.in", "--output-file", f"{name}.txt"]
        told = ("--custom-compile-command", "python tests/requirements")
        if status := subprocess.call([*command, *told], cwd=FOLDER):
            return status
    _add_cpu_builds(FOLDER / "torch.txt")
    return 0


def _add_cpu_builds(file: Path) -> None:
    first, *rest = file.read_text(encoding="utf-8").split(" \\\n")
    hashes = [f"    --hash=sha256:{digest}" for digest in CPU_BUILDS.values()]
    file.write_text(" \\\n".join([first, *hashes, *rest]), encoding="utf-8", newline="\n")


if __name__ == "__main__":
    sys.exit(main())
