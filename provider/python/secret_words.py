"""By what a secret is known among names and values, and a text without them."""

import re

MASK = "********"
SECRET_NAME = re.compile(
    r"pass(?:w|phrase|code)|pwd|secret|token|credential|community|cookie|hmac|^psk$|^key$"
    r"|(?:private|priv|api|auth|access|shared|encryption|crypt)[_-]?key",
    re.IGNORECASE,
)
IN_ADDRESS = r"://[^/@\s:]*:[^/@\s]+@"
# A password in an address, and one among the words of a command line or of an environment.
SECRET_VALUE = re.compile(
    IN_ADDRESS + r"|(?:passw|pwd|passphrase|secret|token|credential|api_?key|private_?key)[\w-]*\s*(?:[=:]\s*|\s)\S",
    re.IGNORECASE,
)
# In what a program says to people "secret" is a word as well: only what is said to be the value of one is taken out. In
# quotation marks it may hold blanks.
SAID_SECRET = re.compile(
    r"((?:passw|pwd|passphrase)[\w-]*(?:\s*[=:]\s*|\s+)|(?:secret|token|credential|api_?key|private_?key)[\w-]*\s*[=:]\s*)"
    r"""("[^"]*"?|'[^']*'?|[^\s"',;>]+)""",
    re.IGNORECASE,
)


def words_masked(text):
    """A line that somebody is shown, without what looks like a secret in it."""
    return SAID_SECRET.sub(lambda found: found.group(1) + MASK, re.sub(IN_ADDRESS, "://%s@" % MASK, text))
