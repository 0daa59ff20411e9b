"""What this is built of: every locked package, named with its hashes (`make sbom`), and asked after (`make audit`)."""
