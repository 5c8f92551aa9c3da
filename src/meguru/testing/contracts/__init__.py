"""What every member of a family must do, as test classes: subclass one and give its fixtures."""
