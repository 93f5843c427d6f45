"""The patterns of secrets in names and values, and how to remove them from text."""

import re

MASK = "********"
SECRET_NAME = re.compile(
    r"pass(?:w|phrase|code)|pwd|secret|token|credential|community|cookie|hmac|^psk$|^key$"
    r"|(?:private|priv|api|auth|access|shared|encryption|crypt)[_-]?key",
    re.IGNORECASE,
)
IN_ADDRESS = r"://[^/@\s:]*:[^/@\s]+@"
# A password in an address, and one in a command line or an environment.
SECRET_VALUE = re.compile(
    IN_ADDRESS + r"|(?:passw|pwd|passphrase|secret|token|credential|api_?key|private_?key)[\w-]*\s*(?:[=:]\s*|\s)\S",
    re.IGNORECASE,
)
# In messages, "secret" may be an ordinary word: only text given as the value of one is removed. In quotation marks it
# may contain blanks.
SAID_SECRET = re.compile(
    r"((?:passw|pwd|passphrase)[\w-]*(?:\s*[=:]\s*|\s+)|(?:secret|token|credential|api_?key|private_?key)[\w-]*\s*[=:]\s*)"
    r"""("[^"]*"?|'[^']*'?|[^\s"',;>]+)""",
    re.IGNORECASE,
)


def words_masked(text):
    """A line for users, without anything that looks like a secret."""
    return SAID_SECRET.sub(lambda found: found.group(1) + MASK, re.sub(IN_ADDRESS, "://%s@" % MASK, text))
