"""What tests of Meguru and of its plug-ins need: fixtures, contract classes, real servers."""
