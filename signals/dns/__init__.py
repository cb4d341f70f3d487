"""DNS over our own sockets: message format (wire), transport (UDP and TCP), resolver (the public surface)."""
