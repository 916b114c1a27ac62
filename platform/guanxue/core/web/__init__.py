"""What edges stand on: dispatch, the JSON API's frame, pages, pictures. Hearts never import it."""
