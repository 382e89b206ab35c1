"""Tests of `baozhang.books`."""
