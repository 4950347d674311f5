//! The way of an event, stage by stage.

mod devices;
mod dictionaries;
mod later;
mod losses;
mod normalize;
mod places;
mod regrouping;
mod sessions;
mod stored;
mod tags;
mod training_set;
