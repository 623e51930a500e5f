"""How links look: colours and logo of QR codes, pictures of one's own."""
