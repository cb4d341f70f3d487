"""A local world for demo, training and tests: DNS of a fictional market. Imported by its commands and tests only."""
