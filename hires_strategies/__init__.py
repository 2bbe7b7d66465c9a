"""Hires strategies: chains of upscales and second passes after a txt2img first pass.

The engine in this package knows nothing of any WebUI; everything that does is in hires_strategies.webui.
"""

__version__ = "0.2.0"
