//! MQTT packets at levels 3.1, 3.1.1 and 5.0: bytes in, borrowed packets out; packets in, bytes
//! out. Knows no socket, no timer, no session.
