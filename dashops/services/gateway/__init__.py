"""What dashops adds to jupyter-kernel-gateway; it must not know who views a dashboard."""
