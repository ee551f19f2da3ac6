"""The site's secrets: which ones it needs, how they are made, and the encrypted file that keeps them."""
