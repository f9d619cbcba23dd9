use super::*;
use crate::door::Tls;

fn device(product: &str, name: &str) -> Device {
    Device { product: product.into(), name: name.into(), secret: "a2V5".into() }
}

#[test]
fn a_payload_has_256_bytes() {
    let report = report();
    assert_eq!(report.len(), 256);
    assert!(serde_json::from_slice::<serde_json::Value>(&report).is_ok());
}

#[test]
fn each_product_has_one_reader_and_each_device_its_topic() {
    let topics =
        Topics { topic: "{product}/{device}/data".into(), filter: "{product}/+/data".into() };
    let readers = Readers {
        user: "u".into(),
        password: "p".into(),
        client_id: "r".into(),
        qos: QoS::AtLeastOnce,
    };
    let devices = [device("P", "a"), device("Q", "b"), device("P", "c")];
    let made = Client::readers(&devices, &topics, &readers);
    let seen: Vec<_> = made.iter().map(|c| (c.id.as_str(), c.filter.clone().unwrap().0)).collect();
    assert_eq!(seen, [("r0", "P/+/data".into()), ("r1", "Q/+/data".into())]);
    let writer = Client::writer(&devices[1], &topics).unwrap();
    assert_eq!((writer.id.as_str(), writer.topic.as_deref()), ("Qb", Some("Q/b/data")));
}

#[test]
fn connections_leave_from_many_addresses_to_this_machine_alone() {
    let aim = |address: &str| Aim {
        door: Door { address: address.parse().unwrap(), tls: Tls::Off },
        pid: 0,
    };
    let source = |number| aim("127.0.0.1:1883").source(number).map(|ip| ip.to_string());
    assert_eq!(
        [0, 63, 64].map(source).map(Option::unwrap),
        ["127.0.1.1", "127.0.1.64", "127.0.1.1"]
    );
    assert_eq!(aim("192.0.2.1:1883").source(3), None);
}
