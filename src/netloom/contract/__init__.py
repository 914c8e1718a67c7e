"""The public API schema: what crosses HTTP, for servers and clients alike.

Rule 1: every string, list and map has a bound; unknown fields are refused on the way in and ignored on the way out.
Rule 2: names here are public: they are added to, not renamed.
"""
