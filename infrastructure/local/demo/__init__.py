"""What `make demo` does: three weeks of students, made up so that it is known what went wrong and when."""
