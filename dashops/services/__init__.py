"""What runs inside the slots; of ours it imports bundle, bundlers, client and errors only."""
