"""Letters on their way: built as standard messages, written durably, recognised when sent twice.

`message` builds the message from plain fields, `outbox` keeps it as an `.eml` file.  Nothing
here knows what a letter says; `reports` does.
"""
