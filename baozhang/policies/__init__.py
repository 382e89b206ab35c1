"""What an agency promises, judged: pure functions from policies and instants to what to do now.

No clock is read, no file opened; the caller hands in the instants and acts on the answer.
"""
