"""The section in the txt2img tab, and the buttons below the gallery."""
