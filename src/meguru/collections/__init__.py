"""Collections: what really happened, with the inputs that were asked, made into versions of a dataset."""
