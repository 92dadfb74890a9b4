"""Image files, PDFs, folders, addresses and arrays to gray pages."""
