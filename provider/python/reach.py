"""Whether pacemaker_remoted answers and accepts this node's key: only the TLS handshake, as Pacemaker does it. Only for
an address without a connection from Pacemaker: a second connection makes it drop the first."""

import ctypes
import socket
import time

KEY_FILE = "/etc/pacemaker/authkey"
CLIENT, CREDENTIALS_PSK, KEY_RAW = 2, 4, 0
AGAIN, INTERRUPTED, TIMED_OUT = -28, -52, -319
# How a daemon with another key ends a handshake: it closes the connection, before or after an alert.
REFUSALS = (-12, -110, -328)


class Datum(ctypes.Structure):
    _fields_ = [("data", ctypes.c_char_p), ("size", ctypes.c_uint)]


def handshake(connection, key, seconds):
    """A gnutls error code with its words; 0 if the key was accepted, None if the library is unavailable."""
    try:
        tls = ctypes.CDLL("libgnutls.so.30")
    except OSError:
        return None, "there is no libgnutls.so.30 on the node"
    tls.gnutls_strerror.restype = ctypes.c_char_p
    session, credentials = ctypes.c_void_p(), ctypes.c_void_p()
    tls.gnutls_psk_allocate_client_credentials(ctypes.byref(credentials))
    tls.gnutls_psk_set_client_credentials(credentials, b"lrmd", ctypes.byref(Datum(key, len(key))), KEY_RAW)
    tls.gnutls_init(ctypes.byref(session), CLIENT)
    try:
        tls.gnutls_priority_set_direct(session, b"NORMAL:+DHE-PSK:+PSK", None)
        tls.gnutls_credentials_set(session, CREDENTIALS_PSK, credentials)
        tls.gnutls_transport_set_int2(session, connection.fileno(), connection.fileno())
        tls.gnutls_handshake_set_timeout(session, int(seconds * 1000))
        while True:
            code = tls.gnutls_handshake(session)
            if code not in (AGAIN, INTERRUPTED):
                return code, tls.gnutls_strerror(code).decode().rstrip(".")
    finally:
        tls.gnutls_deinit(session)
        tls.gnutls_psk_free_client_credentials(credentials)


def try_once(request, key):
    try:
        connection = socket.create_connection((request["address"], request["port"]), timeout=5)
    except OSError as error:
        return {"answer": "silent", "reason": error.strerror or str(error)}
    with connection:
        if not request["key"]:
            return {"answer": "accepted", "reason": "it listens"}
        connection.settimeout(None)
        code, words = handshake(connection, key, 15)
    answer = {0: "accepted", None: "unknown"}.get(code, "refused" if code in REFUSALS else "silent")
    return {"answer": answer, "reason": words}


def reach(request):
    """Tries until the key is accepted or refused, or the time is up."""
    key = b""
    if request["key"]:
        with open(KEY_FILE, "rb") as file:
            key = file.read()
    end = time.monotonic() + request["seconds"]
    while True:
        answer = try_once(request, key)
        left = end - time.monotonic()
        if answer["answer"] != "silent" or left <= 0:
            return answer
        time.sleep(min(1, left))


def main(encoded):
    run(reach, encoded)
