"""The dashboard server, built on Voilà; nothing outside this folder may import it."""
