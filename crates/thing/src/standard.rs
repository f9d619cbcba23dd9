//! The place where the product categories (品类) and their standard thing models (标准功能) are.
//!
//! Three levels: industry, group, category. Only categories have a model; the custom category has
//! none. Ids never change: products keep them.

/// The custom category: 其他行业 > 其他品类 > 自定义品类.
pub const CUSTOM: i64 = 1;

/// An industry, a group in it, or a category in a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Category {
    pub id: i64,
    /// 0: an industry.
    pub parent: i64,
    /// Chinese name.
    pub zh: &'static str,
    /// English name.
    pub en: &'static str,
    /// The standard thing model, as text.
    pub model: Option<&'static str>,
}

const fn level(id: i64, parent: i64, zh: &'static str, en: &'static str) -> Category {
    Category { id, parent, zh, en, model: None }
}

macro_rules! category {
    ($id:literal in $parent:literal: $zh:literal, $en:literal, $file:literal) => {
        Category {
            id: $id,
            parent: $parent,
            zh: $zh,
            en: $en,
            model: Some(include_str!(concat!("../standard/", $file, ".json"))),
        }
    };
}

static CATEGORIES: &[Category] = &[
    level(1001, 0, "智慧生活", "Smart living"),
    level(101, 1001, "电工照明", "Electrics and lighting"),
    category!(3 in 101: "灯", "Light", "light"),
    category!(4 in 101: "开关面板", "Switch panel", "switch_panel"),
    category!(5 in 101: "插座", "Socket", "socket"),
    category!(6 in 101: "窗帘", "Curtain", "curtain"),
    category!(7 in 101: "智控屏", "Control screen", "control_panel"),
    level(102, 1001, "家用电器", "Household appliances"),
    category!(10 in 102: "空调", "Air conditioner", "air_conditioner"),
    category!(11 in 102: "电视", "Television", "television"),
    category!(12 in 102: "风扇", "Fan", "fan"),
    category!(13 in 102: "空气净化器", "Air purifier", "air_purifier"),
    category!(14 in 102: "香薰机", "Aroma diffuser", "aroma_diffuser"),
    category!(15 in 102: "扫地机器人", "Robot vacuum", "robot_vacuum"),
    level(103, 1001, "影音办公", "Audio, video and office"),
    category!(20 in 103: "智能音响", "Smart speaker", "smart_speaker"),
    category!(21 in 103: "背景音乐", "Background music", "background_music"),
    level(104, 1001, "网关中控", "Gateways and control"),
    category!(25 in 104: "网关", "Gateway", "gateway"),
    category!(26 in 104: "中控面板", "Control panel", "control_panel"),
    level(105, 1001, "家居安防", "Home security"),
    category!(30 in 105: "智能门锁", "Door lock", "door_lock"),
    category!(31 in 105: "摄像机", "Camera", "camera"),
    category!(32 in 105: "烟雾报警器", "Smoke detector", "smoke_detector"),
    category!(33 in 105: "门窗传感器", "Contact sensor", "contact_sensor"),
    category!(34 in 105: "人体传感器", "Motion sensor", "motion_sensor"),
    category!(35 in 105: "水浸传感器", "Water leak sensor", "water_leak_sensor"),
    level(106, 1001, "环境监测", "Environment"),
    category!(40 in 106: "温湿度传感器", "Thermo-hygrometer", "thermo_hygrometer"),
    level(1002, 0, "智慧城市", "Smart city"),
    level(111, 1002, "公共事业", "Utilities"),
    category!(50 in 111: "电表", "Electricity meter", "electricity_meter"),
    category!(51 in 111: "水表", "Water meter", "water_meter"),
    level(1003, 0, "智慧出行", "Smart mobility"),
    level(121, 1003, "定位追踪", "Tracking"),
    category!(60 in 121: "定位器", "Tracker", "tracker"),
    level(1999, 0, "其他行业", "Other industries"),
    level(199, 1999, "其他品类", "Other categories"),
    level(CUSTOM, 199, "自定义品类", "Custom category"),
];

/// All of them, parents before children.
#[must_use]
pub fn categories() -> &'static [Category] {
    CATEGORIES
}

/// The standard thing model of a category.
#[must_use]
pub fn model(category_id: i64) -> Option<&'static str> {
    CATEGORIES.iter().find(|category| category.id == category_id)?.model
}

/// The features that any category may add, as a thing model: 通用类型 > 定位功能.
#[must_use]
pub fn location() -> &'static str {
    include_str!("../standard/location.json")
}

#[cfg(test)]
mod tests;
