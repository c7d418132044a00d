"""The world outside: DynamoDB, SNS, EventBridge, S3, a folder, the clock. boto3 lives only here."""
