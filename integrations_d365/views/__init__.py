"""Pages about Dynamics 365: function views, thin. Each page answers a fragment of itself to HTMX on the same URL."""
