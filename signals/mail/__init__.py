"""What the DNS records of a domain say about its mail. Pure: `analysis` names the questions and judges the answers."""
