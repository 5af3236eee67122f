"""What Simmer is measured against, each written as its own tutorial or documentation would have it."""
