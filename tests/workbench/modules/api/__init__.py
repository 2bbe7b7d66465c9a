"""The API under /sdapi/v1."""
