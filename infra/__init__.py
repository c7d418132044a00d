"""What the product runs on in the user's own account: a construct per capability; the stack composes and grants."""
