"""Routes for programs, and their documentation."""
