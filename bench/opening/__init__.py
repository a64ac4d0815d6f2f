"""What opening a dashboard costs a viewer and the machine, against Voilà and two bare limits."""
