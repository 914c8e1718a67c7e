"""What netloom talks about: kinds, what a caller may ask (specs), what there is (objects), and their rules. Pure.

Rule 1: nothing here does I/O or knows a clock; times, randomness and ids come in as arguments.
Rule 2: text in a checked spec or an object is canonical, so equal text is equal meaning.
"""
