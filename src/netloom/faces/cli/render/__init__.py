"""Reports as a person reads them; each function makes renderables of values, prints nothing."""
