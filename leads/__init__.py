"""The domain: leads, scans, evidence, timeline, import, brief, pages, admin."""
