"""The vault: encrypted, deduplicated, write-once snapshots over any store.

extent     what is found again     a small file, or a content-defined cut of a large one
segment    what is compressed      about 1 MiB of extents of one kind, sealed as one
pack       what is stored          about 32 MiB of segments, named by its bytes

Normative: docs/format.md.
"""
