"""`python tests/requirements`: the locks anew from the `.in` files, for all Pythons and systems. Needs uv.

Versions stay as they are locked, as far as the `.in` files allow; with --upgrade, the newest are taken.
"""

import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
LOCKS = ("engine", "gradio3", "gradio4", "torch", "weights")
ALONE = ("torch", "weights")  # without what they need
COMPILE = ("uv", "pip", "compile", "--quiet", "--no-config", "--universal", "--python-version", "3.10")
PLAIN = ("--generate-hashes", "--no-emit-index-url", "--no-emit-find-links")


def main() -> int:
    """Compiles each lock; 0 when all of them are made."""
    for name in LOCKS:
        alone = ("--no-deps",) if name in ALONE else ()
        command = [*COMPILE, *PLAIN, *alone, *sys.argv[1:], f"{name}.in", "--output-file", f"{name}.txt"]
        told = ("--custom-compile-command", "python tests/requirements")
        if status := subprocess.call([*command, *told], cwd=FOLDER):
            return status
    return 0


if __name__ == "__main__":
    sys.exit(main())
