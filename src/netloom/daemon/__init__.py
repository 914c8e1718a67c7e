"""The composition root: settings, wiring in one readable list, run levels, start and stop order."""
