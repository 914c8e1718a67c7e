"""The systems that netloom is measured beside, started on the same lab in the same run."""
