"""What runs inside the slots; of dashops it imports bundle, client and errors, nothing else."""
