//! The place where a device travels: properties that hold a position follow a track.

use std::f64::consts::TAU;

use serde_json::{Map, Value};

use crate::chance::Chance;

/// How far from the centre devices begin.
const SPREAD_METRES: f64 = 10_000.0;
/// What lies between two reports.
const STRIDE_METRES: (f64, f64) = (20.0, 200.0);
/// How much a device may turn between two reports: an eighth of a circle to each side.
const TURN: f64 = TAU / 8.0;
const METRES_PER_DEGREE: f64 = 111_320.0;
/// No closer to a pole, where a degree of longitude has no length.
const NORTHMOST: f64 = 85.0;

/// A point of the earth, in degrees.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Point {
    pub latitude: f64,
    pub longitude: f64,
}

/// The names under which a struct holds a position.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Names {
    latitude: Box<str>,
    longitude: Box<str>,
}

impl Names {
    /// Of the fields of a struct, `GPS_Info` and the like (the standard model spells
    /// `longtitude`).
    pub(crate) fn among<'a>(numbers: impl Iterator<Item = &'a str>) -> Option<Self> {
        let (mut latitude, mut longitude) = (None, None);
        for id in numbers {
            match id.to_ascii_lowercase().as_str() {
                "latitude" | "lat" => latitude = Some(id.into()),
                "longitude" | "longtitude" | "long" | "lon" | "lng" => longitude = Some(id.into()),
                _ => {}
            }
        }
        Some(Self { latitude: latitude?, longitude: longitude? })
    }

    /// Whether a field is half of the position.
    pub(crate) fn have(&self, id: &str) -> bool {
        *id == *self.latitude || *id == *self.longitude
    }

    fn put(&self, at: Point, into: &mut Map<String, Value>) {
        // Six decimals: a tenth of a metre.
        let round = |degrees: f64| Value::from((degrees * 1e6).round() / 1e6);
        into.insert(self.latitude.to_string(), round(at.latitude));
        into.insert(self.longitude.to_string(), round(at.longitude));
    }

    fn read(&self, from: &Map<String, Value>) -> Option<Point> {
        let number = |name: &str| from.get(name)?.as_f64();
        Some(Point { latitude: number(&self.latitude)?, longitude: number(&self.longitude)? })
    }

    /// A beginning, somewhere around `centre`.
    pub(crate) fn begin(&self, centre: Point, chance: &Chance, into: &mut Map<String, Value>) {
        let (heading, metres) = (chance.between(0.0, TAU), chance.between(0.0, SPREAD_METRES));
        self.put(moved(centre, heading, metres), into);
    }

    /// The next point: a stride from the last one, in about the same direction.
    pub(crate) fn stride(
        &self,
        heading: &mut f64,
        chance: &Chance,
        values: &mut Map<String, Value>,
    ) {
        let Some(at) = self.read(values) else { return };
        *heading = (*heading + chance.between(-TURN, TURN)).rem_euclid(TAU);
        self.put(moved(at, *heading, chance.between(STRIDE_METRES.0, STRIDE_METRES.1)), values);
    }
}

fn moved(from: Point, heading: f64, metres: f64) -> Point {
    let north = metres * heading.cos() / METRES_PER_DEGREE;
    let latitude = (from.latitude + north).clamp(-NORTHMOST, NORTHMOST);
    let east = metres * heading.sin() / (METRES_PER_DEGREE * latitude.to_radians().cos());
    Point { latitude, longitude: (from.longitude + east + 180.0).rem_euclid(360.0) - 180.0 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chance::Purpose;

    #[test]
    fn a_track_goes_in_strides() {
        let names = Names::among(["altitude", "longtitude", "latitude"].into_iter()).unwrap();
        let (chance, mut values) = (Chance::new(1, 1, Purpose::Values), Map::new());
        let centre = Point { latitude: 22.5, longitude: 179.99 };
        names.begin(centre, &chance, &mut values);
        let mut heading = 0.0;
        for _ in 0..1000 {
            let before = names.read(&values).unwrap();
            names.stride(&mut heading, &chance, &mut values);
            let after = names.read(&values).unwrap();
            let north = (after.latitude - before.latitude) * METRES_PER_DEGREE;
            let turn = (after.longitude - before.longitude + 540.0).rem_euclid(360.0) - 180.0;
            let east = turn * METRES_PER_DEGREE * after.latitude.to_radians().cos();
            assert!((19.0..201.0).contains(&north.hypot(east)), "{before:?} {after:?}");
            assert!((-180.0..=180.0).contains(&after.longitude));
        }
    }

    #[test]
    fn half_a_position_is_none() {
        assert_eq!(Names::among(["latitude", "altitude"].into_iter()), None);
    }
}
