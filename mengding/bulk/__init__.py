"""One verb on many cases: shown beforehand, called back within seconds, done one by one."""
