"""The same lists in Django admin and starlette-admin, for comparison; nothing of it is the product's."""
