//! The place where deleted devices are forgotten: their rows before the call of deletion ends, their
//! history afterwards and in the background, so that millions of points hold up nobody. The rows of
//! `device_purge` are the list of what is still to be done; a start goes on with it.

use std::{
    sync::{Arc, Weak},
    time::Duration,
};

use base::{DeviceNo, ProductId, Result};
use store::{Batch, Space};
use tokio::{sync::Notify, time::sleep};
use tokio_util::sync::CancellationToken;

use super::{
    cell::Cell,
    state::{State, activated_key},
    tables,
};
use crate::Services;

/// How often the list is looked at although nobody asks: another server may have left something.
const AGAIN: Duration = Duration::from_secs(3600);
/// How long a store that failed is left alone.
const RETRY: Duration = Duration::from_secs(60);

/// A deleted device: its number is never used again, and whose it was.
pub(super) type Gone = (DeviceNo, ProductId);

/// What a deletion says to the background.
#[derive(Debug, Default)]
pub(super) struct Purging {
    /// One at a time.
    pub(super) turn: tokio::sync::Mutex<()>,
    asked: Arc<Notify>,
}

impl Purging {
    /// There is something on the list.
    pub(super) fn ask(&self) {
        self.asked.notify_one();
    }
}

/// Works off the list, at once, whenever it is asked to, and every hour.
pub(crate) async fn run(services: Weak<Services>, stop: CancellationToken) {
    loop {
        let Some(services) = services.upgrade() else { return };
        let asked = services.devices.purging.asked.clone();
        let pause = tokio::select! {
            () = stop.cancelled() => return,
            done = pass(&services) => match done {
                Ok(()) => AGAIN,
                Err(error) => {
                    tracing::error!(?error, "deleted devices are not forgotten yet");
                    RETRY
                }
            },
        };
        // Whoever waits must not keep the store open.
        drop(services);
        tokio::select! {
            () = stop.cancelled() => return,
            () = asked.notified() => {}
            () = sleep(pause) => {}
        }
    }
}

/// Forgets all that is on the list; returns when the list is empty.
pub(super) async fn pass(services: &Services) -> Result<()> {
    let _turn = services.devices.purging.turn.lock().await;
    loop {
        let gone = tables::purge(&services.store).await?;
        if gone.is_empty() {
            return Ok(());
        }
        for device in gone {
            // Done already, unless a crash came between SQL and the hot store.
            erase(services, std::slice::from_ref(&device)).await?;
            services.store.forget_device(device.0).await?;
            let mut tx = services.store.begin().await?;
            tables::purge_done(&mut tx, device.0).await?;
            tx.commit().await?;
        }
    }
}

/// Removes the rows of deleted devices, and takes them out of what their products count. Done twice
/// it changes nothing: the second time there is no state that was counted.
pub(super) async fn erase(services: &Services, gone: &[Gone]) -> Result<()> {
    let cell = |(no, _): &Gone| services.devices.cell(&services.store, *no);
    let cells: Vec<Arc<Cell>> = gone.iter().map(cell).collect::<Result<_>>()?;
    let states: Vec<State> = cells.iter().map(|cell| cell.set_gone()).collect();
    let mut batch = Batch::default();
    for ((no, product), state) in gone.iter().zip(&states) {
        if state.activated() {
            batch.count(&activated_key(product.as_str()), -1);
        }
        for space in [Space::Shadow, Space::DeviceState] {
            batch.delete(space, &no.0.to_be_bytes());
        }
    }
    let done = services.store.commit(batch).await;
    if done.is_err() {
        // Still counted: the next try must know.
        cells.iter().zip(states).for_each(|(cell, state)| *cell.state.lock() = state);
    }
    done
}

#[cfg(test)]
mod tests {
    use base::{DeviceKey, Millis};
    use broker::hub::{Event, Grant, Hub as _, Offline, Verdict};
    use serde_json::json;
    use store::{Dir, Series, SeriesQuery};

    use super::{super::tests::World, *};
    use crate::{
        PlatformHub,
        device::{self, Session},
        tests::{Bed, NOON, both},
    };

    fn no(grant: &Grant) -> DeviceNo {
        grant.data.downcast_ref::<Session>().unwrap().no()
    }

    fn query(device: DeviceNo) -> SeriesQuery {
        SeriesQuery {
            series: Series::Points,
            device,
            lane: 0,
            time: Millis::MIN..Millis::MAX,
            dir: Dir::Forward,
            after: None,
            limit: 100_000,
        }
    }

    fn points(world: &World, device: DeviceNo) -> usize {
        world.bed.services.store.series(&query(device)).unwrap().len()
    }

    async fn history(world: &World, name: &str) -> usize {
        let ask = json!({ "FieldName": "brightness", "MinTime": 0, "MaxTime": NOON * 2 });
        let found = world.on("DescribeDeviceDataHistory", name, ask).await;
        found["Results"].as_array().unwrap().len()
    }

    /// A device that was online and has one report and `more` points.
    async fn lamp(world: &World, name: &str, more: i64) -> Grant {
        let lamp = world.device(name).await;
        let peer = "10.0.0.7:4000".parse().unwrap();
        world.event(&lamp, Event::Online { at: NOON, peer }).await;
        let report =
            json!({ "method": "report", "clientToken": "t", "params": { "brightness": 1 } });
        world.up(&lamp, "property", &[report]).await;
        let mut batch = Batch::default();
        for n in 0..more {
            batch.append(Series::Points, no(&lamp), 0, NOON - n, b"");
        }
        world.bed.services.store.commit(batch).await.unwrap();
        lamp
    }

    fn rows(world: &World, no: DeviceNo) -> usize {
        let row = |space| world.bed.services.store.get(space, &no.0.to_be_bytes()).unwrap();
        [Space::Shadow, Space::DeviceState].into_iter().filter_map(row).count()
    }

    async fn counts(world: &World) -> (u64, u64) {
        let product = ProductId::parse(&world.product).unwrap();
        device::counts(&world.bed.services, &product).await.unwrap()
    }

    both!(f34_a_call_of_deletion_does_not_wait_for_the_history);
    async fn f34_a_call_of_deletion_does_not_wait_for_the_history(bed: Bed) {
        let world = World::of(bed).await;
        let old = no(&lamp(&world, "lamp", 3000).await);
        let services = world.bed.services.clone();
        let turn = services.devices.purging.turn.lock().await;
        let call = world.on("DeleteDevice", "lamp", json!({}));
        tokio::time::timeout(Duration::from_secs(20), call).await.expect("the call waits");
        assert_eq!((rows(&world, old), counts(&world).await), (0, (0, 0)));
        assert_eq!(points(&world, old), 3001);

        // Another device of the same name, while the history of the first is still there.
        let new = no(&lamp(&world, "lamp", 0).await);
        assert_eq!(history(&world, "lamp").await, 1);
        drop(turn);
        pass(&services).await.unwrap();
        assert_eq!((points(&world, old), points(&world, new)), (0, 1));
        assert_eq!((history(&world, "lamp").await, counts(&world).await), (1, (1, 1)));
        assert!(tables::purge(&services.store).await.unwrap().is_empty());
    }

    both!(a_start_goes_on_with_what_is_left_of_deleted_devices);
    async fn a_start_goes_on_with_what_is_left_of_deleted_devices(bed: Bed) {
        let world = World::of(bed).await;
        let mut old = Vec::new();
        for name in ["a", "b", "c", "d"] {
            old.push(no(&lamp(&world, name, 1500).await));
        }
        {
            let services = world.bed.services.clone();
            let _turn = services.devices.purging.turn.lock().await;
            let items =
                ["a", "b", "c"].map(|n| json!({ "ProductId": world.product, "DeviceName": n }));
            world.call("DeleteDevices", json!({ "DevicesItems": items })).await;
            // One of them is half done.
            let mut half = std::pin::pin!(services.store.forget_device(old[0]));
            while points(&world, old[0]) == 1501 {
                assert!(step(half.as_mut()).await.is_none(), "all of it in one step");
            }
            services.finish_calls().await;
        }
        assert!(points(&world, old[0]) > 0, "nothing is left to go on with");
        let world = world.restart().await;
        // Waits for the background's turn.
        pass(&world.bed.services).await.unwrap();
        for gone in &old[..3] {
            assert_eq!((points(&world, *gone), rows(&world, *gone)), (0, 0));
        }
        assert_eq!((points(&world, old[3]), rows(&world, old[3])), (1501, 2));
        assert_eq!(counts(&world).await, (1, 1));
    }

    /// Polls once and lets others run.
    async fn step<F: Future>(mut future: std::pin::Pin<&mut F>) -> Option<F::Output> {
        let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(future.as_mut().poll(cx)));
        let polled = polled.await;
        tokio::task::yield_now().await;
        match polled {
            std::task::Poll::Ready(done) => Some(done),
            std::task::Poll::Pending => None,
        }
    }

    // The crash came between SQL and the hot store: the call did nothing but its transaction.
    both!(what_a_crash_kept_a_deletion_from_is_made_good_once);
    async fn what_a_crash_kept_a_deletion_from_is_made_good_once(bed: Bed) {
        let world = World::of(bed).await;
        let old = no(&lamp(&world, "lamp", 10).await);
        lamp(&world, "other", 10).await;
        let store = &world.bed.services.store;
        let key = DeviceKey::parse(&world.product, "lamp").unwrap();
        let mut tx = store.begin().await.unwrap();
        let device = tables::find_in(&mut tx, &key).await.unwrap().unwrap();
        tables::delete(&mut tx, &device).await.unwrap();
        tables::outbox_add(&mut tx, &key).await.unwrap();
        tx.commit().await.unwrap();
        let world = world.restart().await;
        let services = &world.bed.services;
        let (a, b, c) = tokio::join!(pass(services), pass(services), pass(services));
        a.and(b).and(c).unwrap();
        assert_eq!((points(&world, old), rows(&world, old)), (0, 0));
        assert_eq!(counts(&world).await, (1, 1));
    }

    #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
    async fn deletions_at_the_same_time_count_each_device_once() {
        let world = World::new().await;
        let services = &world.bed.services;
        for round in 0..8 {
            for name in ["a", "b", "c", "d"] {
                lamp(&world, name, 300).await;
            }
            assert_eq!(counts(&world).await, (4, 4), "round {round}");
            let delete = |names: [&str; 2]| {
                let item = |n| json!({ "ProductId": world.product, "DeviceName": n });
                world.bed.call("DeleteDevices", json!({ "DevicesItems": names.map(item) }))
            };
            let (ab, bc, purged, cd) = tokio::join!(
                delete(["a", "b"]),
                delete(["b", "c"]),
                pass(services),
                delete(["c", "d"])
            );
            purged.unwrap();
            let deleted = [ab, bc, cd].iter().filter(|done| done.is_ok()).count() as u64;
            assert!((1..=2).contains(&deleted), "{deleted}");
            let left = 4 - 2 * deleted;
            assert_eq!(counts(&world).await, (left, left), "round {round}");
            for name in ["a", "b", "c", "d"] {
                world.bed.call("DeleteDevice", world.named(name, json!({}))).await.ok();
            }
            pass(services).await.unwrap();
            assert_eq!(counts(&world).await, (0, 0), "round {round}");
        }
    }

    /// What a connection made of its last messages is committed when the device is gone already.
    #[tokio::test]
    async fn a_burst_and_an_event_on_their_way_leave_no_row_of_a_deleted_device() {
        let world = World::new().await;
        let lamp = world.device("lamp").await;
        let no = no(&lamp);
        let hub = PlatformHub::new(&world.bed.services);
        let mut came = Batch::default();
        let peer = "10.0.0.7:4000".parse().unwrap();
        hub.event(&lamp, Event::Online { at: NOON, peer }, &mut came);
        let topic = format!("$thing/up/property/{}/lamp", world.product);
        let info = br#"{"method":"report_info","clientToken":"i","params":{"name":"x"}}"#;
        let report = br#"{"method":"report","clientToken":"r","params":{"brightness":1}}"#;
        let messages = [&info[..], &report[..]].map(|m| (&*topic, m, Verdict::Accepted));
        let burst = world.taken(&lamp, messages.to_vec()).await;
        let mut went = Batch::default();
        hub.event(&lamp, Event::Offline { at: NOON, why: Offline::Disconnect }, &mut went);
        world.on("DeleteDevice", "lamp", json!({})).await;
        for batch in [came, burst.batch, went] {
            world.committed(&lamp, batch).await;
        }
        assert_eq!((rows(&world, no), counts(&world).await), (0, (0, 0)));
    }
}
