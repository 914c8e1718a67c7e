"""The task kit: the one place that starts tasks, waits, and knows the time.

Rule 1: `create_task`, `shield` and their kind appear here only; above, a task is started through `TaskKit` or `supervise`.
Rule 2: every queue made here has a name, a size and a rule for full.
"""
