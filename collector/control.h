/*
 * The control channel: HTTP on a unix socket, for the webapp and for ops.
 *
 *   GET /metrics         Prometheus text format
 *   GET /healthz         200 while the loop turns
 *   GET /readyz          200 where DTUs are taken in and the database takes their data, else 503
 *                        with the reasons
 *   GET /status          the same in short, as JSON
 *   GET /lines           all registered lines and their slaves, as JSON; with ?slaves=dead only
 *                        those with a dead slave
 *   GET /line?device=ID  one of them
 *   GET /quarantine      DTUs that called and are not let in
 *   GET /dials           DTUs that we dial
 *   GET /refusals        lines that were closed before they registered, and why, the latest first
 *   GET /expected        devices that data_config.yml names: whether each is online, and why its
 *                        last line was refused; with ?online=no only those that are not
 *   GET /live            events as they happen, and values of devices: see collector/events/live.h
 *   POST /write          write a point or registers, see collector/write_request.h; answered when
 *                        the slave has
 *
 * An order is kept in write_log with its result, also a refused one; but neither one for a device
 * that nobody knows or that was never let in, nor a body that is refused with 400.
 *
 * Belongs to the loop's thread.
 */
#ifndef DTUHUB_COLLECTOR_CONTROL_H
#define DTUHUB_COLLECTOR_CONTROL_H

#include "collector/collector.h"

struct control;

/** control_open(collector, path): bind the unix socket (mode 0660), replacing a stale one. NULL
 * where that fails; the reason is in the log. */
struct control *control_open(struct collector *collector, const char *path);

/** control_close(control): and remove the socket. NULL is allowed. */
void control_close(struct control *control);

#endif
