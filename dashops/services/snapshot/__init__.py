"""Code of a kernel that can become a snapshot; it knows the standard library and ipykernel only.

It runs in the environment of a notebook, where dashops is not installed: see ``__main__``.
"""
