//! What is looked for in contexts (`protocol.md` §5.15, §6.2).

use super::super::at::At;
use super::super::json::Shallow;
use super::ScrubConfig;
use super::places::change;
use super::texts::Reach;
use crate::protocol::lenient::{Raw, RawMap};

/// Contexts whose fields are known to hold facts about machines and programs.
const KNOWN_CONTEXTS: [&str; 22] = [
    "app",
    "browser",
    "chromium_stability_report",
    "client_os",
    "cloud_resource",
    "culture",
    "device",
    "feedback",
    "flags",
    "gpu",
    "memory_info",
    "monitor",
    "os",
    "ota_updates",
    "performance_score",
    "profile",
    "replay",
    "response",
    "runtime",
    "spring",
    "threadpool_info",
    "trace",
];

/// Their fields, of all of them together and in order. What else is in them came from the program, and
/// so did cookies, headers, data and a device's own id.
#[rustfmt::skip]
const KNOWN_FIELDS: [&str; 140] = [
    "active_profiles", "allocated_bytes", "api_type", "app_build", "app_identifier", "app_memory",
    "app_name", "app_start_time", "app_version", "arch", "associated_event_id",
    "available_completion_port_threads", "available_worker_threads", "battery_level",
    "battery_status", "body_size", "boot_time", "brand", "browser", "build", "build_type",
    "calendar", "channel", "charging", "client_sample_rate", "cloud.account.id",
    "cloud.availability_zone", "cloud.platform", "cloud.provider", "cloud.region", "compacted",
    "concurrent", "config", "contact_email", "cpu_description", "device_app_hash", "device_type",
    "display_name", "distribution_name", "distribution_pretty_name", "distribution_version",
    "driver_version", "dynamic_sampling_context", "exclusive_time", "external_free_storage",
    "external_storage_size", "family", "finalization_pending_count", "fragmented_bytes",
    "free_memory", "free_storage", "graphics_shader_level", "heap_size_bytes",
    "high_memory_load_threshold_bytes", "host.id", "host.type", "id", "in_foreground", "index",
    "inferred_content_type", "is_24_hour_format", "kernel_version", "links", "locale", "low_memory",
    "manufacturer", "max_completion_port_threads", "max_texture_size", "max_worker_threads",
    "memory_load_bytes", "memory_size", "message", "min_completion_port_threads",
    "min_worker_threads", "model", "model_id", "multi_threaded_rendering", "name", "npot_support",
    "online", "op", "orientation", "origin", "os", "parent_span_id", "pause_durations",
    "pause_time_percentage", "pinned_objects_count", "process_states", "processor_count",
    "processor_frequency", "profile_id", "profiler_id", "promoted_bytes", "raw_description",
    "replay_id", "rooted", "runtime", "runtime_version", "sampled", "score_profile_version",
    "screen_density", "screen_dpi", "screen_height_pixels", "screen_resolution",
    "screen_width_pixels", "simulator", "slug", "source", "span_id", "start_type", "status",
    "status_code", "storage_size", "supports_accelerometer", "supports_audio",
    "supports_compute_shaders", "supports_draw_call_instancing", "supports_geometry_shaders",
    "supports_gyroscope", "supports_location_service", "supports_ray_tracing", "supports_vibration",
    "system_memory_state", "theme", "timezone", "total_allocated_bytes",
    "total_available_memory_bytes", "total_committed_bytes", "trace_id", "type", "update_id", "url",
    "usable_memory", "uuid", "values", "vendor_id", "vendor_name", "version", "view_names",
];

impl ScrubConfig {
    /// Looks at every context.
    pub(super) fn contexts(&self, contexts: Option<&mut RawMap>, at: At<'_>) {
        let Some(contexts) = contexts else { return };
        change(contexts, |name, raw| {
            let at = at.field(name);
            if is_known_context(name, raw) {
                self.context(raw, at)
            } else {
                self.unknown(name, raw, at)
            }
        });
    }

    /// A context of which only some fields can hold anything.
    fn context(&self, raw: &Raw, at: At<'_>) -> Option<Raw> {
        if !self.suspects_json(raw.text(), Reach::DATA) {
            return None;
        }
        let mut fields: RawMap = raw.parse()?;
        change(&mut fields, |name, value| {
            let is_fact = KNOWN_FIELDS.binary_search(&name).is_ok();
            let reach = if is_fact { Reach::TEXT } else { Reach::DATA };
            // Ids of traces have many digits.
            let is_id = name.ends_with("_id");
            (!is_id).then(|| self.scrubbed_raw(value, name, at.field(name), reach)).flatten()
        })
        .then(|| Raw::from_value(&fields))
    }

    fn unknown(&self, name: &str, raw: &Raw, at: At<'_>) -> Option<Raw> {
        let is_suspect = self.suspects_json(raw.text(), Reach::DATA)
            || self.rule_in(Reach::DATA, name).is_some();
        is_suspect.then(|| self.scrubbed_raw(raw, name, at, Reach::DATA)).flatten()
    }
}

/// What kind a context is, its type says before its name.
fn is_known_context(name: &str, raw: &Raw) -> bool {
    let is_known = |kind: &str| KNOWN_CONTEXTS.contains(&kind);
    let Some(fields) = Shallow::of(raw.text()) else { return false };
    fields.text("type").map_or_else(|| is_known(name), |kind| is_known(&kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_fields_are_in_order() {
        assert!(KNOWN_FIELDS.is_sorted());
    }
}
