"""Objects that may be models and that nobody may load: kept, listed, converted apart, and vouched for."""
