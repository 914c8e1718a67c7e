"""The networks that netloom reaches machines of its own by."""
