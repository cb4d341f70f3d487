"""Company lists as they occur in Turkey: from a file or pasted text to rows of names and domain claims."""
