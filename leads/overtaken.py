"""Two people, or two tabs, at the same lead."""


class Overtaken(Exception):
    """It was changed since the page was made that this comes from; nothing was saved."""
