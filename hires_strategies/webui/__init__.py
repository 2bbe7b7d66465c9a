"""The WebUI side: the only folder that imports the host's `modules` or gradio."""
