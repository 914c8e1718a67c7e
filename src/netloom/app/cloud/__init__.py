"""The cloud's use cases: who may ask for what, whether it fits, what is remembered, and who makes it true.

    work.py       one unit of a use case inside a transaction: records, owners, audit, events
    usecase.py    what a use case is: a first half that answers, and (for slow ones) a second half that is a job
    cloud.py      doing them: permission, transaction, job
    jobs.py       running second halves, one queue a network or VPC, over restarts
    catalogue.py  all use cases by name

Rule 1: a face calls a use case and shows its record; it decides nothing.
Rule 2: what another tenant owns is *not found*, in every use case, because every record is read through `Work`.
"""
