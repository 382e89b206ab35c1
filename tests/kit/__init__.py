"""The restore kit: what brings the books back when nothing of the product is left."""
