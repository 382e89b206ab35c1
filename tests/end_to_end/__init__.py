"""The product as it is typed: real commands, real files, and input that is not as it should be."""
