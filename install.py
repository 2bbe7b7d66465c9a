"""The host runs this on start. Nothing to install: torch, numpy, Pillow and gradio are in every host."""
