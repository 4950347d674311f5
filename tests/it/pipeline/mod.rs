//! The way of an event, stage by stage.

mod dictionaries;
mod normalize;
mod places;
