"""Governance: controls and their evidence, attestations, risks, surveys."""
