"""One module per kind, each with the same two functions.

    create(tx, batch)                     make the objects of a batch; what is wrong with one is noted in the batch
    revise(tx, current, spec, cleared)    the object as the spec wants it, checked against everything else

Rule 1: both run inside a transaction that excludes other writers: what they looked up stays true until the commit.
Rule 2: neither is told who asks; a single request, a batch and a document are the same to them.
"""
