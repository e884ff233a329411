/*
 * Log lines for people and for grep:
 *
 *   2026-01-31T23:59:59.123Z INFO  session [1001 10.0.0.7:40112] registered, 3 tasks
 *
 * Time (UTC), level, module, the device and peer it is about in brackets (left out where there is
 * none), text. As JSON a line is an object with the texts time, level, module, device, peer (the
 * two where they are known) and message. Lines go to stderr, or to a file that each log_setup()
 * opens anew. Any thread may log; a line is written whole. Never pass a secret. Hostile bytes in
 * arguments are made printable (control bytes and invalid UTF-8 become \xNN), so that a device
 * cannot forge a line.
 */
#ifndef DTUHUB_BASE_LOG_H
#define DTUHUB_BASE_LOG_H

#include "shared/base/clock.h"

#include <stddef.h>
#include <stdint.h>

enum log_level { LOGL_ERROR, LOGL_WARN, LOGL_INFO, LOGL_DEBUG };

enum log_format { LOGF_TEXT, LOGF_JSON };

/**
 * log_setup(level, format, path): say what is logged, how and where. ${path} NULL means stderr.
 * May be called again at any time (a reload). Return 0, or -1 where the file cannot be opened, and
 * then everything stays as it was.
 */
int log_setup(enum log_level level, enum log_format format, const char *path);

/** log_level_by_name(name, level): "error", "warn", "info", "debug"; 0, or -1 for another name. */
int log_level_by_name(const char *name, enum log_level *level);

/** log_enabled(level): nonzero where a line of ${level} would be written. */
int log_enabled(enum log_level level);

/**
 * log_line(level, module, who, fmt, ...): write one line. ${who} says whom it is about: "DEVICE",
 * "DEVICE\tPEER", "\tPEER", or NULL. A tab is in no printable id, so that a device cannot pretend
 * to be a peer. Use the macros below.
 */
void log_line(enum log_level level, const char *module, const char *who, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/** log_thread_part(part): from now on the modules of this thread's lines are MODULE-PART, where it
 * does the same as other threads; "" ends it. */
void log_thread_part(const char *part);

enum { LOG_PEER_SIZE = 80 };

/** log_peer(address, port, out, size): the ${who} of a line about a peer whose device is not known:
 * "\tADDRESS:PORT"; LOG_PEER_SIZE is room enough. Return ${out}. */
const char *log_peer(const char *address, uint16_t port, char *out, size_t size);

/** log_asked(module, who, fmt, ...): a line of level info that somebody asked for: written whatever
 * the level. */
void log_asked(const char *module, const char *who, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/**
 * A limit on repeats of one kind of line: ${burst} lines in ${window_ms}, then silence, then one
 * line that says how many were left out. Zero-initialise and set the two numbers, or use LOG_LIMIT.
 */
struct log_limit {
    unsigned burst, used;
    int64_t window_ms;
    int64_t window_start_ms;
    uint64_t suppressed;
};

#define LOG_LIMIT(burst_, window_ms_)                                                              \
    {                                                                                              \
        .burst = (burst_), .window_ms = (window_ms_)                                               \
    }

/**
 * log_limited(limit, now_ms, suppressed): nonzero where a line may be written now (monotonic
 * ${now_ms});
 * ${suppressed} is then set to the number of lines left out since the last one written. Not locked:
 * one limit belongs to one thread.
 */
int log_limited(struct log_limit *limit, int64_t now_ms, uint64_t *suppressed);

#define log_error(module, who, ...) log_line(LOGL_ERROR, module, who, __VA_ARGS__)
#define log_warn(module, who, ...) log_line(LOGL_WARN, module, who, __VA_ARGS__)
#define log_info(module, who, ...) log_line(LOGL_INFO, module, who, __VA_ARGS__)
#define log_debug(module, who, ...)                                                                \
    do {                                                                                           \
        if (log_enabled(LOGL_DEBUG))                                                               \
            log_line(LOGL_DEBUG, module, who, __VA_ARGS__);                                        \
    } while (0)

/** log_counted(level, left_out, module, who, fmt, ...): log_line() that appends "(N more like it
 * left out)" where ${left_out} is not 0. */
#define log_counted(level, left_out, module, who, fmt, ...)                                        \
    do {                                                                                           \
        if ((left_out) > 0)                                                                        \
            log_line((level), (module), (who), fmt " (%llu more like it left out)", ##__VA_ARGS__, \
                     (unsigned long long)(left_out));                                              \
        else                                                                                       \
            log_line((level), (module), (who), fmt, ##__VA_ARGS__);                                \
    } while (0)

/** log_at_limit(limit, level, module, who, fmt, ...): log_line() under ${limit}; appends "(N more
 * like it left out)". */
#define log_at_limit(limit, level, module, who, fmt, ...)                                          \
    do {                                                                                           \
        uint64_t left_out_;                                                                        \
        if (log_limited((limit), clock_mono_ms(), &left_out_))                                     \
            log_counted((level), left_out_, (module), (who), fmt, ##__VA_ARGS__);                  \
    } while (0)

#endif
