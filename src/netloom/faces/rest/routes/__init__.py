"""The routes, one module per area; each has `add(api, face)`."""
