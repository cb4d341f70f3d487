"""Dynamics 365 Sales: one-way push of leads, and what became of them there (DESIGN.md section 7)."""
