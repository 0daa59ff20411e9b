"""The API's documents, made from what the functions say of their endpoints and from the contracts: `make schemas`."""
