"""What every function stands on: clock, clients, logging, HTTP answers, queues and DynamoDB, behind one seam each."""
