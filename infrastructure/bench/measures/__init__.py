"""What is measured of the project as a whole, each by a program of its own: `python -m measures.PART FILE`."""
