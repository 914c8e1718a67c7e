"""The command line: an API client like any other.

Rule 1: `netloom --help` imports nothing but Typer; each noun's module is loaded when it is used.
Rule 2: answers go to stdout, everything else to stderr; the exit status says what happened (`failures.Exit`).
"""
