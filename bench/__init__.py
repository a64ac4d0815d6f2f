"""What dashops claims about speed, measured against peers in the same run; asserts nothing."""
