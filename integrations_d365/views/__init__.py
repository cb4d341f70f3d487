"""The pages about pushes, one module a page."""
