"""What clients may send to the social network, and, for the schema, what they get: a module for each kind of thing."""
