"""The live side: a small raw ASGI application beside the synchronous Django one."""
