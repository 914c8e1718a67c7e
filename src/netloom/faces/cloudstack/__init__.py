"""The CloudStack query API over the cloud's use cases.

`protocol` knows how requests and answers are written; `table` what commands are called and take; `commands` what each does
here.
"""
