"""A script file -> a module."""

import importlib.util
import os


def load_module(path):
    """Execute a file as a module of its own, named as the file is, in no package and not in sys.modules."""
    spec = importlib.util.spec_from_file_location(os.path.basename(path), path)
    assert spec is not None and spec.loader is not None, f"{path} is no Python file"
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
