"""The cloud's kinds over HTTP, every one the same way; its own are jobs' cancelling, explanations and components.

Rule 1: a route decides nothing: what is asked for goes to `app.cloud.resources`, what comes back is encoded.
"""
