"""What runs in the background: a worker takes jobs out of the database's own queue."""
