"""Every difference between the WebUIs of the family, A1111 1.6 to 1.10, Forge and its relatives: one file a subject."""
