"""A loan model that people answer for: refused, waived, approved, and made fair; a person is erased."""
