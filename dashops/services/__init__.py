"""What runs inside the slots; it imports bundle, bundlers, client and errors, nothing else of ours."""
