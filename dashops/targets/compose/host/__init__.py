"""A machine of its own that containers run on, reached over SSH; decides nothing about slots."""
