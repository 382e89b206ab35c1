"""Where books live: each source holds one consistent instant still, is read, and puts data back.

`base` is the contract, `tree` a folder, `sqlite` a database in use, `combined` several as one.
A source names what it could not read instead of stopping, never follows a link, never writes to
what it reads, and gives the readers of the proofs the same instant as it gives the vault.
"""
