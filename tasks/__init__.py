"""The steps of the flows: each opens the site, composes verbs of the engine, returns a receipt.

A task's body needs no run of Prefect around it: the command line calls the same bodies through
`.fn` when no server is there.  The one exception, `tasks.artifacts`, is called by flows alone.
"""
