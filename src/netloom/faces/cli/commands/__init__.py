"""The commands, one module per noun or verb; each has a Typer application `app`, loaded when it is called."""
