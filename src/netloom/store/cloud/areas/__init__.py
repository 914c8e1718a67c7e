"""Which records there are, an area a module: how each becomes a table, what is unique, what refers to what."""
