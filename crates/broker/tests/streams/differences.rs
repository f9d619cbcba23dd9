//! Where our answer is another than mosquitto's, and why.

/// A reason, and what it explains.
pub(crate) struct Difference {
    /// As COMPAT.md has it.
    pub(crate) why: &'static str,
    /// A stream and what our broker answers.
    pub(crate) streams: &'static [(&'static str, &'static str)],
}

/// What our broker answers to a stream if that is accepted to be another answer.
pub(crate) fn of(stream: &str) -> Option<&'static str> {
    let mut all = DIFFERENCES.iter().flat_map(|one| one.streams);
    all.find(|(name, _)| *name == stream).map(|(_, answer)| *answer)
}

pub(crate) const DIFFERENCES: &[Difference] = &[
    Difference {
        why: "A user name that is not UTF-8 ends the connection at 3.1 as it does at later levels.",
        streams: &[("3.1: CONNECT user name is no UTF-8", "closed")],
    },
    Difference {
        why: "Flags of the fixed header that are not those of the packet, and bytes behind its last field, end the connection at each level.",
        streams: &[
            ("3.1: CONNECT with flags", "closed"),
            ("3.1: PINGREQ with flags", "CONNACK 0x00; closed"),
            ("3.1: PINGREQ with a body", "CONNACK 0x00; closed"),
            ("3.1: PUBACK with other flags", "CONNACK 0x00; closed"),
            ("3.1: PUBREC with other flags", "CONNACK 0x00; closed"),
            ("3.1: PUBREL with other flags", "CONNACK 0x00; closed"),
            ("3.1: PUBCOMP with other flags", "CONNACK 0x00; closed"),
            ("3.1: SUBSCRIBE with other flags", "CONNACK 0x00; closed"),
            ("3.1: UNSUBSCRIBE with other flags", "CONNACK 0x00; closed"),
            ("3.1.1: PINGREQ with flags", "CONNACK 0x00; closed"),
            ("3.1.1: PINGREQ with a body", "CONNACK 0x00; closed"),
            ("3.1.1: PUBACK with other flags", "CONNACK 0x00; closed"),
            ("3.1.1: PUBREC with other flags", "CONNACK 0x00; closed"),
            ("3.1.1: PUBCOMP with other flags", "CONNACK 0x00; closed"),
            ("5.0: PINGREQ with flags", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PINGREQ with a body", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBACK with other flags", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBREC with other flags", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBREL with other flags", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBCOMP with other flags", "CONNACK 0x00; DISCONNECT 0x81; closed"),
        ],
    },
    Difference {
        why: "SUBACK, UNSUBACK and PINGRESP, which only a server sends, end the connection.",
        streams: &[
            ("3.1: SUBACK", "CONNACK 0x00; closed"),
            ("3.1: UNSUBACK", "CONNACK 0x00; closed"),
            ("3.1: PINGRESP", "CONNACK 0x00; closed"),
            ("3.1.1: SUBACK", "CONNACK 0x00; closed"),
            ("3.1.1: UNSUBACK", "CONNACK 0x00; closed"),
            ("3.1.1: PINGRESP", "CONNACK 0x00; closed"),
            ("5.0: SUBACK", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: UNSUBACK", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PINGRESP", "CONNACK 0x00; DISCONNECT 0x82; closed"),
        ],
    },
    Difference {
        why: "A sender that subscribed to its own topic gets the acknowledgement first, then its message.",
        streams: &[
            (
                "3.1: PUBLISH QoS 1, heard at 0",
                "CONNACK 0x00; SUBACK 1 [00]; PUBACK 7 0x00; PUBLISH a QoS 0; open",
            ),
            (
                "3.1: PUBLISH QoS 1, heard at 1",
                "CONNACK 0x00; SUBACK 1 [01]; PUBACK 7 0x00; PUBLISH a QoS 1; open",
            ),
            (
                "3.1: PUBLISH QoS 2 twice, heard once",
                "CONNACK 0x00; SUBACK 1 [00]; PUBREC 7 0x00; PUBREC 7 0x00; PUBCOMP 7 0x00; PUBLISH a QoS 0; open",
            ),
            (
                "3.1.1: PUBLISH QoS 1, heard at 0",
                "CONNACK 0x00; SUBACK 1 [00]; PUBACK 7 0x00; PUBLISH a QoS 0; open",
            ),
            (
                "3.1.1: PUBLISH QoS 1, heard at 1",
                "CONNACK 0x00; SUBACK 1 [01]; PUBACK 7 0x00; PUBLISH a QoS 1; open",
            ),
            (
                "3.1.1: PUBLISH QoS 2 twice, heard once",
                "CONNACK 0x00; SUBACK 1 [00]; PUBREC 7 0x00; PUBREC 7 0x00; PUBCOMP 7 0x00; PUBLISH a QoS 0; open",
            ),
            (
                "5.0: PUBLISH QoS 1, heard at 0",
                "CONNACK 0x00; SUBACK 1 [00]; PUBACK 7 0x00; PUBLISH a QoS 0; open",
            ),
            (
                "5.0: PUBLISH QoS 1, heard at 1",
                "CONNACK 0x00; SUBACK 1 [01]; PUBACK 7 0x00; PUBLISH a QoS 1; open",
            ),
            (
                "5.0: PUBLISH QoS 2 twice, heard once",
                "CONNACK 0x00; SUBACK 1 [00]; PUBREC 7 0x00; PUBREC 7 0x00; PUBCOMP 7 0x00; PUBLISH a QoS 0; open",
            ),
        ],
    },
    Difference {
        why: "PUBLISH with dup at QoS 0 is malformed.",
        streams: &[
            ("3.1: PUBLISH dup at QoS 0", "CONNACK 0x00; closed"),
            ("3.1.1: PUBLISH dup at QoS 0", "CONNACK 0x00; closed"),
            ("5.0: PUBLISH dup at QoS 0", "CONNACK 0x00; DISCONNECT 0x81; closed"),
        ],
    },
    Difference {
        why: "Topics may contain control characters other than U+0000.",
        streams: &[
            ("3.1: PUBLISH topic with a control character", "CONNACK 0x00; open"),
            ("3.1.1: PUBLISH topic with a control character", "CONNACK 0x00; open"),
            ("5.0: PUBLISH topic with a control character", "CONNACK 0x00; open"),
        ],
    },
    Difference {
        why: "SUBSCRIBE and UNSUBSCRIBE without a filter end the connection at 3.1 as they do at later levels.",
        streams: &[
            ("3.1: SUBSCRIBE nothing", "CONNACK 0x00; closed"),
            ("3.1: UNSUBSCRIBE nothing", "CONNACK 0x00; closed"),
        ],
    },
    Difference {
        why: "5.0: PUBREL and PUBCOMP of a packet id that is not in use have the reason 0x92.",
        streams: &[
            ("5.0: PUBREC of an unknown id", "CONNACK 0x00; PUBREL 9 0x92; open"),
            ("5.0: PUBREL of an unknown id", "CONNACK 0x00; PUBCOMP 9 0x92; open"),
        ],
    },
    Difference {
        why: "5.0: PUBACK has the reason 0x00 also when nobody subscribed; mosquitto says 0x10.",
        streams: &[("5.0: PUBLISH QoS 1", "CONNACK 0x00; PUBACK 7 0x00; open")],
    },
    Difference {
        why: "5.0: overlapping subscriptions of one client get one copy; mosquitto sends one for each.",
        streams: &[(
            "5.0: PUBLISH heard by two filters",
            "CONNACK 0x00; SUBACK 1 [00]; SUBACK 1 [00]; PUBLISH a/b QoS 0; open",
        )],
    },
    Difference {
        why: "5.0: a message expiry of 0 is handed on; mosquitto takes it for none.",
        streams: &[(
            "5.0: PUBLISH expiry 0",
            "CONNACK 0x00; SUBACK 1 [00]; PUBLISH a QoS 0 MessageExpiry(0); open",
        )],
    },
    Difference {
        why: "5.0: a length that is not in its shortest form is malformed.",
        streams: &[(
            "5.0: length not in its shortest form",
            "CONNACK 0x00; DISCONNECT 0x81; closed",
        )],
    },
    Difference {
        why: "5.0: values that the standard forbids end the connection where mosquitto takes them: a payload format of 2, a response topic that is empty or has wildcards, a subscription identifier from a publisher, authentication data without a method, an unknown reason code.",
        streams: &[
            ("5.0: CONNECT authentication data alone", "closed"),
            ("5.0: CONNECT will payload format 2", "closed"),
            ("5.0: PUBLISH payload format 2", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: PUBLISH with subscription id", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: PUBLISH response topic with wildcard", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: PUBLISH response topic empty", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: PUBACK unknown reason", "CONNACK 0x00; DISCONNECT 0x81; closed"),
        ],
    },
    Difference {
        why: "5.0: a shared filter without a group or a filter, and no local on a shared filter, end the connection.",
        streams: &[
            ("5.0: SUBSCRIBE shared, no local", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: SUBSCRIBE wrong share '$share/g'", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: SUBSCRIBE wrong share '$share/g/'", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: SUBSCRIBE wrong share '$share//a'", "CONNACK 0x00; DISCONNECT 0x81; closed"),
        ],
    },
    Difference {
        why: "5.0: the client is told by DISCONNECT why a connection ends where mosquitto only closes it.",
        streams: &[
            ("5.0: second CONNECT", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: second CONNECT of another id", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: CONNACK", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: length of five bytes", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: DISCONNECT with flags", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBACK of id 0", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBACK without id", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBREC of id 0", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBREC without id", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBREL of id 0", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBREL without id", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBCOMP of id 0", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBCOMP without id", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBLISH payload format twice", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: PUBLISH content type is no UTF-8", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            (
                "5.0: PUBACK with a property of another packet",
                "CONNACK 0x00; DISCONNECT 0x81; closed",
            ),
            ("5.0: SUBSCRIBE id twice", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: DISCONNECT unknown reason", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: DISCONNECT property of another packet", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: DISCONNECT properties cut", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: AUTH without method", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: AUTH again", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: AUTH with flags", "CONNACK 0x00; DISCONNECT 0x81; closed"),
        ],
    },
    Difference {
        why: "5.0: where the standard leaves open whether a packet is malformed (0x81) or a protocol error (0x82), the two differ.",
        streams: &[
            ("5.0: type 0", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBLISH of id 0", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBLISH to #", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBLISH to a/+", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: PUBLISH to a+b", "CONNACK 0x00; DISCONNECT 0x81; closed"),
            ("5.0: SUBSCRIBE nothing", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: UNSUBSCRIBE nothing", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: PUBLISH alias 0", "CONNACK 0x00; DISCONNECT 0x82; closed"),
            ("5.0: SUBSCRIBE id 0", "CONNACK 0x00; DISCONNECT 0x82; closed"),
        ],
    },
];
