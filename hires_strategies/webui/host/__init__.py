"""The running WebUI as the engine sees it, and all that differs between the hosts of the family."""
