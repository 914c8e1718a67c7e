"""What the use cases may ask about the running system (`app.ports.Runtime`), answered from planner, engine and sessions.

`runtime.py` is the port's implementation; each other module makes one kind of report.
"""
