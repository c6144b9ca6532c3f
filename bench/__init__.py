"""What every page costs: a big world, the console measured in it over its own protocol, and load."""
