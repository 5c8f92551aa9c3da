"""The file of a pack: a ZIP archive of which every byte follows from its manifest."""
