"""What comes in from files: `retail` and `books` read and check without a database, `orders` writes."""
