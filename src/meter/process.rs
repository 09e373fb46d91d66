//! What the system says about this process, under the names that every Prometheus client uses. Only
//! Linux is asked.

use metrics::{counter, describe_counter, describe_gauge, gauge};

const CPU: &str = "process_cpu_seconds_total";
const RESIDENT: &str = "process_resident_memory_bytes";
const VIRTUAL: &str = "process_virtual_memory_bytes";
const OPEN_FDS: &str = "process_open_fds";
const MAX_FDS: &str = "process_max_fds";
const THREADS: &str = "process_threads";
const START: &str = "process_start_time_seconds";

/// Says what everything is.
pub(super) fn describe() {
    describe_counter!(CPU, "Total user and system CPU time spent in seconds, whole ones.");
    describe_gauge!(RESIDENT, "Resident memory size in bytes.");
    describe_gauge!(VIRTUAL, "Virtual memory size in bytes.");
    describe_gauge!(OPEN_FDS, "Number of open file descriptors.");
    describe_gauge!(MAX_FDS, "Maximum number of open file descriptors.");
    describe_gauge!(THREADS, "Number of threads.");
    describe_gauge!(START, "Start time of the process since the Unix epoch in seconds.");
}

/// Reads everything anew; what the system does not tell keeps its last value.
#[cfg(target_os = "linux")]
pub(super) fn read() {
    use procfs::process::{LimitValue, Process};

    let Ok(me) = Process::myself() else { return };
    let ticks = procfs::ticks_per_second().max(1);
    if let Ok(stat) = me.stat() {
        counter!(CPU).absolute((stat.utime + stat.stime) / ticks);
        gauge!(RESIDENT).set(super::float(stat.rss * procfs::page_size()));
        gauge!(VIRTUAL).set(super::float(stat.vsize));
        gauge!(THREADS).set(super::float(stat.num_threads.unsigned_abs()));
        if let Ok(booted) = procfs::boot_time_secs() {
            gauge!(START).set(super::float(booted + stat.starttime / ticks));
        }
    }
    if let Ok(open) = me.fd_count() {
        gauge!(OPEN_FDS).set(super::float(open as u64));
    }
    if let Ok(limits) = me.limits()
        && let LimitValue::Value(most) = limits.max_open_files.soft_limit
    {
        gauge!(MAX_FDS).set(super::float(most));
    }
}

/// Other systems are not asked.
#[cfg(not(target_os = "linux"))]
pub(super) fn read() {}
