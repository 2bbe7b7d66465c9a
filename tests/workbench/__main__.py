"""`python tests/workbench`: a small WebUI that runs the extension without A1111. `--help` tells the options."""

import sys
from pathlib import Path

WORKBENCH = Path(__file__).resolve().parent
sys.path.insert(0, str(WORKBENCH.parent))

import bootstrap  # noqa: E402

if __name__ == "__main__":
    bootstrap.ensure_environment(bootstrap.GRADIO_4 if "--gradio4" in sys.argv else bootstrap.usual())
    import start

    if "--demo" in sys.argv:
        import demo

        sys.exit(demo.main())
    start.serve(sys.argv[1:])
