"""Errors that do not end the job: printed."""

import sys
import textwrap
import traceback

exception_records: list[dict] = []


def record_exception():
    """Keep the exception being handled, with the four before it."""
    error = sys.exc_info()[1]
    if error is not None:
        exception_records.append({"exception": str(error), "traceback": []})
        del exception_records[:-5]


def report(message: str, *, exc_info: bool = False) -> None:
    """Print a message to stderr, with the traceback of the exception being handled."""
    record_exception()
    print(textwrap.indent(message, "*** ", lambda line: True), file=sys.stderr)
    if exc_info:
        print(textwrap.indent(traceback.format_exc(), "    "), file=sys.stderr)


def display(e: Exception, task, *, full_traceback=False):
    """Print an exception and what was being done."""
    print(f"{task or 'error'}: {type(e).__name__}", file=sys.stderr)
    traceback.print_exception(type(e), e, e.__traceback__, file=sys.stderr)
