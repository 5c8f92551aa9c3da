"""Groups of people: by name, or by what their sign-in says of them."""
