/*
 * What a service manager gives a daemon, and what it wants to hear: sd_notify(3) and the folder for
 * sockets. Without one (no $NOTIFY_SOCKET, no $RUNTIME_DIRECTORY) nothing happens.
 */
#ifndef DTUHUB_BASE_SERVICE_H
#define DTUHUB_BASE_SERVICE_H

#include <stddef.h>
#include <stdint.h>

/** service_ready(status): started, or done with a reload; ${status} is one line for people. */
void service_ready(const char *status);

/** service_reloading(): a reload begins; service_ready() ends it. */
void service_reloading(void);

/** service_stopping(timeout_ms): the end begins, and takes no longer than ${timeout_ms}. */
void service_stopping(int64_t timeout_ms);

/** service_watchdog_ms(): how often service_alive() is to be called, half of what the manager
 * waits; 0: never. */
int64_t service_watchdog_ms(void);

/** service_alive(status): still going round; ${status} as above. */
void service_alive(const char *status);

/** service_runtime_path(name, out, size): ${name} in $RUNTIME_DIRECTORY, or NULL without that. */
const char *service_runtime_path(const char *name, char *out, size_t size);

/** service_data_path(name, out, size): ${name} in share/dtuhub of the prefix that this program is
 * installed in, where it is there; otherwise just ${name}, as in a source folder. */
const char *service_data_path(const char *name, char *out, size_t size);

#endif
