"""What the Lambda functions run on: the product itself, and its libraries as the lock file pins them."""
