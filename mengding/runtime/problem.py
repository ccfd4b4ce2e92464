"""One kind of error for everything the person at the console can put right."""


class Problem(Exception):
    """Says in one line, Chinese then English, what is wrong; shown without a traceback."""
