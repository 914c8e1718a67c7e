"""From the picture to flows and ports: one module per output, pure, wired together in `compiler.py`."""
