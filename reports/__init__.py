"""Letters: what runs found, told to the people who answer for it.

Values come in, a `Letter` goes out: a subject, HTML and plain text in one language.  Nothing here
reads a catalog, sends mail or knows the time; `baozhang.mail` takes the letter from there.
`figures` counts, `writing` speaks a language, `plaintext` sets text in columns, `render` fills the
templates, and one module per letter says what is in it.  Described in docs/reports.md.
"""
