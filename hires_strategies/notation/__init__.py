"""The one grammar: text and JSON objects <-> strategies."""
