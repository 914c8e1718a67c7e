"""The pipeline's vocabulary: tables, registers, cookies and roles, each declared once, by name."""
