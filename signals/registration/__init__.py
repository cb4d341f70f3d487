"""Who registered a domain where and until when: RDAP, and port 43 where a registry has no RDAP. No Django."""
