//! The streams, written byte by byte: none goes through our encoder.

/// What a client sends, all in one write.
pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// The level that the server answers at.
    pub(crate) level: Level,
    /// It ends inside a packet: nothing can go behind it, the client closes its side.
    pub(crate) cut: bool,
}

impl Stream {
    /// A packet whose answer tells that all before it was dealt with.
    pub(crate) fn mark(&self) -> Vec<u8> {
        let head = [&MARK.to_be_bytes()[..], &properties(self.level, &[])].concat();
        packet(0x82, &[&head[..], &text("mark"), &[0]].concat())
    }
}

/// The packet id of the mark.
pub(crate) const MARK: u16 = 65_535;

/// A level byte.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Level(pub(crate) u8);

pub(crate) const V31: Level = Level(3);
pub(crate) const V311: Level = Level(4);
pub(crate) const V5: Level = Level(5);

pub(crate) fn all() -> Vec<Stream> {
    let mut list = List::default();
    first_packets(&mut list);
    for level in [V31, V311, V5] {
        connects(&mut list, level);
        packets(&mut list, level);
        publishes(&mut list, level);
        subscribes(&mut list, level);
    }
    connects_of_5(&mut list);
    publishes_of_5(&mut list);
    subscribes_of_5(&mut list);
    ends_of_5(&mut list);
    list.0
}

#[derive(Default)]
struct List(Vec<Stream>);

impl List {
    /// Without an accepted CONNECT before it.
    fn add(&mut self, level: Level, name: &str, packets: &[&[u8]]) {
        self.0.push(Stream { name: name.to_owned(), bytes: packets.concat(), level, cut: false });
    }

    /// Behind a good CONNECT.
    fn after(&mut self, level: Level, name: &str, packets: &[&[u8]]) {
        let bytes = [&connect(level, "s"), &packets.concat()[..]].concat();
        self.0.push(Stream { name: named(level, name), bytes, level, cut: false });
    }
}

fn named(level: Level, name: &str) -> String {
    let level = match level {
        V31 => "3.1",
        V311 => "3.1.1",
        _ => "5.0",
    };
    format!("{level}: {name}")
}

/// A packet of less than 16 KiB.
pub(crate) fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let (low, high) = (body.len() % 128, body.len() / 128);
    let byte = |n: usize| u8::try_from(n).unwrap();
    let mut bytes = match high {
        0 => vec![first, byte(low)],
        _ => vec![first, byte(low) | 0x80, byte(high)],
    };
    bytes.extend_from_slice(body);
    bytes
}

pub(crate) fn text(text: impl AsRef<[u8]>) -> Vec<u8> {
    let length = u16::try_from(text.as_ref().len()).unwrap();
    [&length.to_be_bytes(), text.as_ref()].concat()
}

/// A length byte and properties at 5.0, nothing below.
pub(crate) fn properties(level: Level, bytes: &[u8]) -> Vec<u8> {
    if level == V5 { [&[bytes.len().to_le_bytes()[0]], bytes].concat() } else { Vec::new() }
}

pub(crate) fn connect(level: Level, id: &str) -> Vec<u8> {
    connect_with(level, 2, &[], &text(id))
}

pub(crate) fn connect_with(level: Level, flags: u8, own: &[u8], fields: &[u8]) -> Vec<u8> {
    let name = if level == V31 { "MQIsdp" } else { "MQTT" };
    connect_named(name, level, flags, own, fields)
}

pub(crate) fn connect_named(
    name: &str,
    level: Level,
    flags: u8,
    own: &[u8],
    fields: &[u8],
) -> Vec<u8> {
    let head = [&text(name)[..], &[level.0, flags, 0, 60]].concat();
    packet(0x10, &[&head[..], &properties(level, own), fields].concat())
}

pub(crate) fn publish(
    level: Level,
    first: u8,
    topic: impl AsRef<[u8]>,
    id: Option<u16>,
) -> Vec<u8> {
    publish_with(level, first, topic, id, &[])
}

pub(crate) fn publish_with(
    level: Level,
    first: u8,
    topic: impl AsRef<[u8]>,
    id: Option<u16>,
    own: &[u8],
) -> Vec<u8> {
    let id = id.map(u16::to_be_bytes);
    let id: &[u8] = id.as_ref().map_or(&[], |id| &id[..]);
    packet(first, &[&text(topic)[..], id, &properties(level, own), b"x"].concat())
}

pub(crate) fn subscribe(level: Level, topic: impl AsRef<[u8]>, options: u8) -> Vec<u8> {
    subscribe_with(level, &[], topic, options)
}

pub(crate) fn subscribe_with(
    level: Level,
    own: &[u8],
    topic: impl AsRef<[u8]>,
    options: u8,
) -> Vec<u8> {
    packet(0x82, &[&[0, 1], &properties(level, own)[..], &text(topic), &[options]].concat())
}

pub(crate) fn unsubscribe(level: Level, topic: impl AsRef<[u8]>) -> Vec<u8> {
    packet(0xA2, &[&[0, 2], &properties(level, &[])[..], &text(topic)].concat())
}

pub(crate) const PINGREQ: &[u8] = &[0xC0, 0];
pub(crate) const DISCONNECT: &[u8] = &[0xE0, 0];

fn first_packets(list: &mut List) {
    list.add(V311, "first PINGREQ", &[PINGREQ]);
    list.add(V311, "first DISCONNECT", &[DISCONNECT]);
    list.add(V311, "first PUBLISH", &[&publish(V311, 0x30, "a", None)]);
    list.add(V311, "first SUBSCRIBE", &[&subscribe(V311, "a", 0)]);
    list.add(V311, "first CONNACK", &[&[0x20, 2, 0, 0]]);
    list.add(V311, "first AUTH", &[&[0xF0, 2, 0, 0]]);
    list.add(V311, "first type 0", &[&[0, 0]]);
    list.add(V311, "first HTTP", &[b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"]);
    list.add(V311, "first length of five bytes", &[&[0x10, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]]);
    list.add(V311, "CONNECT of nothing", &[&[0x10, 0]]);
    list.add(V311, "CONNECT level 0", &[&connect_named("MQTT", Level(0), 2, &[], &text("s"))]);
    list.add(V311, "CONNECT level 6", &[&connect_named("MQTT", Level(6), 2, &[], &text("s"))]);
    list.add(V311, "CONNECT MQTT level 3", &[&connect_named("MQTT", V31, 2, &[], &text("s"))]);
    list.add(V311, "CONNECT MQIsdp level 4", &[&connect_named("MQIsdp", V311, 2, &[], &text("s"))]);
    list.add(V311, "CONNECT MQIsdp level 5", &[&connect_named("MQIsdp", V5, 2, &[], &text("s"))]);
    list.add(V311, "CONNECT name mqtt", &[&connect_named("mqtt", V311, 2, &[], &text("s"))]);
    list.add(V311, "CONNECT name of nothing", &[&connect_named("", V311, 2, &[], &text("s"))]);
    for (level, name, bytes) in [
        (V311, "cut in the fixed header", vec![0x10]),
        (V311, "cut in CONNECT", connect(V311, "s")[..9].to_vec()),
        (V311, "cut in SUBSCRIBE", [connect(V311, "s"), vec![0x82, 9, 0, 1, 0]].concat()),
        (V5, "cut in PUBLISH", [connect(V5, "s"), vec![0x30, 9, 0, 1, b'a']].concat()),
    ] {
        list.0.push(Stream { name: name.to_owned(), bytes, level, cut: true });
    }
}

fn connects(list: &mut List, level: Level) {
    let id = text("s");
    let none = properties(level, &[]);
    let will = |topic: &[u8]| [&id[..], &none, &text(topic), &text("m")].concat();
    let mut add = |name: &str, flags: u8, fields: &[u8]| {
        list.add(level, &named(level, name), &[&connect_with(level, flags, &[], fields)]);
    };
    add("CONNECT", 2, &id);
    add("CONNECT reserved flag", 3, &id);
    add("CONNECT empty id, clean", 2, &text(""));
    add("CONNECT empty id, not clean", 0, &text(""));
    add("CONNECT without id", 2, &[]);
    add("CONNECT id of 100 bytes", 2, &text([b'i'; 100]));
    add("CONNECT id is no UTF-8", 2, &text(b"\xFF"));
    add("CONNECT id with NUL", 2, &text(b"a\0b"));
    add("CONNECT id with a surrogate", 2, &text(b"\xED\xA0\x80"));
    add("CONNECT bytes behind the fields", 2, &[&id[..], &text("more")].concat());
    add("CONNECT will", 0x0E, &will(b"w"));
    add("CONNECT will QoS 3", 0x1E, &will(b"w"));
    add("CONNECT will QoS without will", 0x0A, &id);
    add("CONNECT will retain without will", 0x22, &id);
    add("CONNECT will fields missing", 0x06, &id);
    add("CONNECT will topic with wildcard", 0x06, &will(b"w/#"));
    add("CONNECT will topic empty", 0x06, &will(b""));
    add("CONNECT will topic is no UTF-8", 0x06, &will(b"\xFF"));
    add("CONNECT user name", 0x82, &[&id[..], &text("u")].concat());
    add("CONNECT user name missing", 0x82, &id);
    add("CONNECT user name is no UTF-8", 0x82, &[&id[..], &text(b"\xFF")].concat());
    add("CONNECT password missing", 0xC2, &[&id[..], &text("u")].concat());
    add("CONNECT password alone", 0x42, &[&id[..], &text("p")].concat());
    let mut flags = connect(level, "s");
    flags[0] = 0x11;
    list.add(level, &named(level, "CONNECT with flags"), &[&flags]);
}

fn packets(list: &mut List, level: Level) {
    let mut add = |name: &str, bytes: &[u8]| list.after(level, name, &[bytes]);
    add("nothing more", &[]);
    add("second CONNECT", &connect(level, "s"));
    add("second CONNECT of another id", &connect(level, "t"));
    add("type 0", &[0, 0]);
    add("CONNACK", &[0x20, 2, 0, 0]);
    add("SUBACK", &packet(0x90, &[&[0, 1], &properties(level, &[])[..], &[0]].concat()));
    add("UNSUBACK", &packet(0xB0, &[&[0, 1], &properties(level, &[])[..]].concat()));
    add("PINGRESP", &[0xD0, 0]);
    add("PINGREQ with flags", &[0xC1, 0]);
    add("PINGREQ with a body", &[0xC0, 1, 0]);
    add("PINGREQ twice", &[0xC0, 0, 0xC0, 0]);
    add("length of five bytes", &[0x30, 0xFF, 0xFF, 0xFF, 0xFF, 0x7F]);
    add("length not in its shortest form", &[0xC0, 0x80, 0]);
    add("DISCONNECT", DISCONNECT);
    add("DISCONNECT with flags", &[0xE1, 0]);
    add("DISCONNECT, then PUBLISH", &[DISCONNECT, &publish(level, 0x32, "a", Some(1))].concat());
    for (name, first) in [("PUBACK", 0x40), ("PUBREC", 0x50), ("PUBREL", 0x62), ("PUBCOMP", 0x70)] {
        add(&format!("{name} of an unknown id"), &[first, 2, 0, 9]);
        add(&format!("{name} of id 0"), &[first, 2, 0, 0]);
        add(&format!("{name} without id"), &[first, 0]);
        add(&format!("{name} with other flags"), &[first ^ 3, 2, 0, 9]);
    }
    if level != V5 {
        add("AUTH", &[0xF0, 0]);
        add("DISCONNECT with a body", &[0xE0, 1, 0]);
    }
}

fn publishes(list: &mut List, level: Level) {
    let p = |first, topic: &[u8], id| publish(level, first, topic, id);
    let s = |topic: &str, qos| subscribe(level, topic, qos);
    let mut add = |name: &str, packets: &[&[u8]]| list.after(level, name, packets);
    add("PUBLISH QoS 0", &[&p(0x30, b"a", None)]);
    add("PUBLISH QoS 1", &[&p(0x32, b"a", Some(7))]);
    add("PUBLISH QoS 2", &[&p(0x34, b"a", Some(7))]);
    add("PUBLISH QoS 2 and PUBREL", &[&p(0x34, b"a", Some(7)), &[0x62, 2, 0, 7]]);
    add("PUBLISH QoS 0, heard", &[&s("a", 0), &p(0x30, b"a", None)]);
    add("PUBLISH QoS 1, heard at 0", &[&s("a", 0), &p(0x32, b"a", Some(7))]);
    add("PUBLISH QoS 1, heard at 1", &[&s("a", 1), &p(0x32, b"a", Some(7))]);
    add(
        "PUBLISH QoS 2 twice, heard once",
        &[&s("a", 0), &p(0x34, b"a", Some(7)), &p(0x3C, b"a", Some(7)), &[0x62, 2, 0, 7]],
    );
    add("PUBLISH heard by two filters", &[&s("a/#", 0), &s("a/b", 0), &p(0x30, b"a/b", None)]);
    add("PUBLISH of an empty level", &[&s("a//b", 0), &p(0x30, b"a//b", None)]);
    add("PUBLISH of a slash", &[&s("/", 0), &p(0x30, b"/", None)]);
    add("PUBLISH not heard by case", &[&s("A", 0), &p(0x30, b"a", None)]);
    add("PUBLISH with $ not heard by #", &[&s("#", 0), &p(0x30, b"$a/b", None)]);
    add("PUBLISH QoS 3", &[&p(0x36, b"a", Some(7))]);
    add("PUBLISH dup at QoS 0", &[&p(0x38, b"a", None)]);
    add("PUBLISH of id 0", &[&p(0x32, b"a", Some(0))]);
    add("PUBLISH without id", &[&packet(0x32, &text("a"))]);
    add("PUBLISH of nothing", &[&packet(0x30, &[])]);
    add("PUBLISH topic too long for its packet", &[&packet(0x30, &[0, 9, b'a'])]);
    add("PUBLISH empty topic", &[&p(0x30, b"", None)]);
    add("PUBLISH to #", &[&p(0x30, b"#", None)]);
    add("PUBLISH to a/+", &[&p(0x30, b"a/+", None)]);
    add("PUBLISH to a+b", &[&p(0x30, b"a+b", None)]);
    add("PUBLISH topic is no UTF-8", &[&p(0x30, b"\xFF", None)]);
    add("PUBLISH topic with NUL", &[&p(0x30, b"a\0b", None)]);
    add("PUBLISH topic with a control character", &[&p(0x30, b"a\x01b", None)]);
    add("PUBLISH topic with a byte order mark", &[&p(0x30, b"\xEF\xBB\xBFa", None)]);
    let gone = packet(0x31, &[&text("kept")[..], &properties(level, &[])].concat());
    add("PUBLISH retained", &[&p(0x31, b"kept", None), &s("kept", 0), &gone]);
    add("PUBLISH retained, deleted", &[&p(0x31, b"kept", None), &gone, &s("kept", 0)]);
}

fn subscribes(list: &mut List, level: Level) {
    let none = properties(level, &[]);
    let s = |topic: &[u8], options| subscribe(level, topic, options);
    let u = |topic: &[u8]| unsubscribe(level, topic);
    let two = [&[0, 1], &none[..], &text("a"), &[1], &text("b/#"), &[2]].concat();
    let id_0 = [&[0, 0], &none[..], &text("a"), &[0]].concat();
    let leave_0 = [&[0, 0], &none[..], &text("a")].concat();
    let empty = [&[0, 1], &none[..]].concat();
    let mut add = |name: &str, packets: &[&[u8]]| list.after(level, name, packets);
    for qos in 0..3 {
        add(&format!("SUBSCRIBE QoS {qos}"), &[&s(b"a", qos)]);
    }
    add("SUBSCRIBE two filters", &[&packet(0x82, &two)]);
    add("SUBSCRIBE nothing", &[&packet(0x82, &empty)]);
    add("SUBSCRIBE of id 0", &[&packet(0x82, &id_0)]);
    add("SUBSCRIBE without options", &[&packet(0x82, &[&empty[..], &text("a")].concat())]);
    let mut flags = s(b"a", 0);
    flags[0] = 0x80;
    add("SUBSCRIBE with other flags", &[&flags]);
    add("SUBSCRIBE QoS 3", &[&s(b"a", 3)]);
    add("SUBSCRIBE reserved bit 2", &[&s(b"a", 0x04)]);
    add("SUBSCRIBE reserved bit 7", &[&s(b"a", 0x80)]);
    for filter in ["#", "+", "+/+", "/", "a/#", "$a/#"] {
        add(&format!("SUBSCRIBE {filter}"), &[&s(filter.as_bytes(), 0)]);
    }
    for filter in ["", "a#", "#/a", "a/#/b", "a+", "+a", "a/b+"] {
        add(&format!("SUBSCRIBE wrong filter '{filter}'"), &[&s(filter.as_bytes(), 0)]);
    }
    add("SUBSCRIBE is no UTF-8", &[&s(b"\xFF", 0)]);
    add("SUBSCRIBE with NUL", &[&s(b"a\0", 0)]);
    add("UNSUBSCRIBE", &[&s(b"a", 0), &u(b"a"), &publish(level, 0x30, "a", None)]);
    add("UNSUBSCRIBE what is not there", &[&u(b"a")]);
    add("UNSUBSCRIBE nothing", &[&packet(0xA2, &empty)]);
    add("UNSUBSCRIBE of id 0", &[&packet(0xA2, &leave_0)]);
    add("UNSUBSCRIBE wrong filter", &[&u(b"a#")]);
    add("UNSUBSCRIBE empty filter", &[&u(b"")]);
    add("UNSUBSCRIBE is no UTF-8", &[&u(b"\xFF")]);
    let mut flags = u(b"a");
    flags[0] = 0xA0;
    add("UNSUBSCRIBE with other flags", &[&flags]);
}

fn connects_of_5(list: &mut List) {
    let id = text("s");
    let pair = [&[0x26], &text("k")[..], &text("v")].concat();
    let method = [&[0x15], &text("m")[..]].concat();
    let data = [&[0x16], &text("d")[..]].concat();
    let mut add = |name: &str, own: &[u8]| {
        list.add(V5, &named(V5, name), &[&connect_with(V5, 2, own, &id)]);
    };
    add("CONNECT session expiry", &[0x11, 0, 0, 0, 9]);
    add("CONNECT user property twice", &[&pair[..], &pair].concat());
    add("CONNECT session expiry twice", &[0x11, 0, 0, 0, 9, 0x11, 0, 0, 0, 9]);
    add("CONNECT receive maximum 0", &[0x21, 0, 0]);
    add("CONNECT receive maximum cut", &[0x21, 0]);
    add("CONNECT maximum packet size 0", &[0x27, 0, 0, 0, 0]);
    add("CONNECT request problem 2", &[0x17, 2]);
    add("CONNECT request response 2", &[0x19, 2]);
    add("CONNECT unknown property", &[0x7F, 0]);
    add("CONNECT property of another packet", &[0x23, 0, 1]);
    add("CONNECT authentication method", &method);
    add("CONNECT authentication data alone", &data);
    let no_length = [&text("MQTT")[..], &[5, 2, 0, 60]].concat();
    list.add(V5, "5.0: CONNECT without property length", &[&packet(0x10, &no_length)]);
    let long = [&no_length[..], &[9, 0x21, 0, 1], &id].concat();
    list.add(V5, "5.0: CONNECT property length too long", &[&packet(0x10, &long)]);
    for (name, own) in [
        ("delay", &[0x18, 0, 0, 0, 9][..]),
        ("payload format 2", &[0x01, 2]),
        ("unknown property", &[0x7F, 0]),
        ("property of another packet", &[0x11, 0, 0, 0, 1]),
    ] {
        let fields = [&id[..], &properties(V5, own), &text("w"), &text("m")].concat();
        let packet = connect_with(V5, 6, &[], &fields);
        list.add(V5, &named(V5, &format!("CONNECT will {name}")), &[&packet, DISCONNECT]);
    }
}

fn publishes_of_5(list: &mut List) {
    let topic = |id: u8, text_: &str| [&[id], &text(text_)[..]].concat();
    let p = |topic: &str, own: &[u8]| publish_with(V5, 0x30, topic, None, own);
    let mut add = |name: &str, packets: &[&[u8]]| list.after(V5, name, packets);
    let s = subscribe(V5, "a", 0);
    add("PUBLISH payload format 1", &[&s, &p("a", &[0x01, 1])]);
    add("PUBLISH payload format 2", &[&p("a", &[0x01, 2])]);
    add("PUBLISH payload format twice", &[&p("a", &[0x01, 1, 0x01, 1])]);
    add("PUBLISH unknown property", &[&p("a", &[0x7F, 0])]);
    add("PUBLISH property of another packet", &[&p("a", &[0x21, 0, 1])]);
    add("PUBLISH property cut", &[&p("a", &[0x02, 0, 0])]);
    add("PUBLISH property length too long", &[&packet(0x30, &[0, 1, b'a', 9, 1, 1])]);
    add("PUBLISH with subscription id", &[&p("a", &[0x0B, 1])]);
    add("PUBLISH alias 0", &[&p("a", &[0x23, 0, 0])]);
    add("PUBLISH alias", &[&s, &p("a", &[0x23, 0, 1]), &p("", &[0x23, 0, 1])]);
    add("PUBLISH alias not made", &[&p("", &[0x23, 0, 2])]);
    add("PUBLISH alias over the maximum", &[&p("a", &[0x23, 0xFF, 0xFF])]);
    add("PUBLISH response topic", &[&s, &p("a", &topic(0x08, "r"))]);
    add("PUBLISH response topic with wildcard", &[&p("a", &topic(0x08, "r/#"))]);
    add("PUBLISH response topic empty", &[&p("a", &topic(0x08, ""))]);
    add("PUBLISH content type is no UTF-8", &[&p("a", &[0x03, 0, 1, 0xFF])]);
    add("PUBLISH expiry 0", &[&s, &p("a", &[0x02, 0, 0, 0, 0])]);
    let wrong = [0x40, 4, 0, 9, 0x01, 0];
    add("PUBACK unknown reason", &[&wrong]);
    add("PUBACK with a property of another packet", &[&[0x40, 7, 0, 9, 0, 3, 0x21, 0, 1]]);
    add("PUBREC with a refusal of an unknown id", &[&[0x50, 3, 0, 9, 0x80]]);
}

fn subscribes_of_5(list: &mut List) {
    let s = |own: &[u8], topic: &str, options| subscribe_with(V5, own, topic, options);
    let p = publish(V5, 0x30, "a", None);
    let kept = publish(V5, 0x31, "kept", None);
    let gone = packet(0x31, &[&text("kept")[..], &[0]].concat());
    let mut add = |name: &str, packets: &[&[u8]]| list.after(V5, name, packets);
    add("SUBSCRIBE no local", &[&s(&[], "a", 0x04), &p]);
    add("SUBSCRIBE retain handling 3", &[&s(&[], "a", 0x30)]);
    add("SUBSCRIBE retain handling 2", &[&kept, &s(&[], "kept", 0x20), &gone]);
    let twice = s(&[], "kept", 0x10);
    add("SUBSCRIBE retain handling 1, twice", &[&kept, &twice, &twice, &gone]);
    add("SUBSCRIBE retain as published", &[&s(&[], "kept", 0x08), &kept, &gone]);
    add("SUBSCRIBE reserved bit 6", &[&s(&[], "a", 0x40)]);
    add("SUBSCRIBE with id", &[&s(&[0x0B, 5], "a", 0), &p]);
    add("SUBSCRIBE id 0", &[&s(&[0x0B, 0], "a", 0)]);
    add("SUBSCRIBE id twice", &[&s(&[0x0B, 1, 0x0B, 2], "a", 0)]);
    add("SUBSCRIBE unknown property", &[&s(&[0x7F, 0], "a", 0)]);
    add("SUBSCRIBE property of another packet", &[&s(&[0x21, 0, 1], "a", 0)]);
    add("SUBSCRIBE shared", &[&s(&[], "$share/g/a", 0), &p]);
    add("SUBSCRIBE shared, no local", &[&s(&[], "$share/g/a", 4)]);
    for filter in ["$share/g", "$share/g/", "$share//a", "$share/g+/a", "$share/#/a", "$share/g/a#"]
    {
        add(&format!("SUBSCRIBE wrong share '{filter}'"), &[&s(&[], filter, 0)]);
    }
    let leave = packet(0xA2, &[&[0, 2, 0], &text("a")[..], &text("b")].concat());
    add("UNSUBSCRIBE one of two", &[&s(&[], "a", 0), &leave]);
    let wrong = packet(0xA2, &[&[0, 2, 2, 0x0B, 1], &text("a")[..]].concat());
    add("UNSUBSCRIBE property of another packet", &[&wrong]);
}

fn ends_of_5(list: &mut List) {
    let mut add = |name: &str, packets: &[&[u8]]| list.after(V5, name, packets);
    add("DISCONNECT with will", &[&[0xE0, 1, 0x04]]);
    add("DISCONNECT unknown reason", &[&[0xE0, 1, 0x01]]);
    add("DISCONNECT session expiry from 0", &[&[0xE0, 7, 0, 5, 0x11, 0, 0, 0, 9]]);
    add("DISCONNECT property of another packet", &[&[0xE0, 5, 0, 3, 0x21, 0, 1]]);
    add("DISCONNECT properties cut", &[&[0xE0, 3, 0, 5, 0x11]]);
    add("AUTH without method", &[&[0xF0, 0]]);
    add("AUTH again", &[&[0xF0, 6, 0x19, 4, 0x15, 0, 1, b'm']]);
    add("AUTH with flags", &[&[0xF1, 0]]);
}
