"""Tables for people who read a terminal."""


def show(rows, align=str.ljust):
    """Prints rows of texts in columns as wide as what stands in them."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        print("  ".join(align(cell, width) for cell, width in zip(row, widths, strict=True)).rstrip())
