"""The page's head: the host's script.js, then the extensions' scripts and styles."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import gradio as gr

from modules import scripts
from modules.paths import script_path

_original_response: Any = gr.routes.templates.TemplateResponse
_FROM_AFAR = re.compile(rb'<script[^>]*src="https://[^>]*></script>')  # what Gradio loads only for pages in frames


def webpath(fn):
    """The address of a file, new whenever the file is."""
    return f"file={Path(fn).as_posix()}?{os.path.getmtime(fn)}"


def javascript_html():
    """The scripts: plain ones first, then modules."""
    page = (Path(script_path) / "page").glob("*.js")
    own = [str(path) for path in sorted(page, key=lambda path: (path.name != "script.js", path))]
    plain = own + [file.path for file in scripts.list_scripts("javascript", ".js")]
    modules = [file.path for file in scripts.list_scripts("javascript", ".mjs")]
    tags = [f'<script type="text/javascript" src="{webpath(path)}"></script>' for path in plain]
    return "\n".join(tags + [f'<script type="module" src="{webpath(path)}"></script>' for path in modules])


def css_html():
    """The styles."""
    own = [str(path) for path in (Path(script_path) / "page").glob("*.css")]
    files = own + scripts.list_files_with_name("style.css")
    return "\n".join(f'<link rel="stylesheet" property="stylesheet" href="{webpath(path)}">' for path in files)


def reload_javascript():
    """Put the scripts and styles of now into the page."""
    head, body = f"{javascript_html()}</head>".encode(), f"{css_html()}</body>".encode()

    def response(*args, **kwargs):
        answer = _original_response(*args, **kwargs)
        answer.body = _FROM_AFAR.sub(b"", answer.body).replace(b"</head>", head).replace(b"</body>", body)
        answer.init_headers()
        return answer

    gr.routes.templates.TemplateResponse = response
