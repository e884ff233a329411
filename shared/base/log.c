#include "shared/base/log.h"

#include "shared/base/clock.h"
#include "shared/base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_SIZE = 2048 };

static const char *const level_names[] = {"error", "warn", "info", "debug"};

static struct {
    pthread_mutex_t lock; /* guards fd and format; level is atomic so that log_enabled() is free */
    atomic_int level;
    enum log_format format;
    int fd;
} state = {.lock = PTHREAD_MUTEX_INITIALIZER, .level = LOGL_INFO, .fd = STDERR_FILENO};

int log_setup(enum log_level level, enum log_format format, const char *path)
{
    int fd = STDERR_FILENO;
    if (path != NULL) {
        fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0640);
        if (fd < 0)
            return -1;
    }
    pthread_mutex_lock(&state.lock);
    if (state.fd != STDERR_FILENO)
        close(state.fd);
    state.fd = fd;
    state.format = format;
    atomic_store(&state.level, level);
    pthread_mutex_unlock(&state.lock);
    return 0;
}

int log_level_by_name(const char *name, enum log_level *level)
{
    for (size_t i = 0; i < sizeof(level_names) / sizeof(*level_names); i++) {
        if (strcmp(name, level_names[i]) == 0) {
            *level = (enum log_level)i;
            return 0;
        }
    }
    return -1;
}

int log_enabled(enum log_level level)
{
    return (int)level <= atomic_load_explicit(&state.level, memory_order_relaxed);
}

static void put_string(struct json_object *line, const char *key, const char *value)
{
    json_object_object_add(line, key, json_object_new_string(value));
}

/* Whom a line is about, made printable; "" where that is not known. */
struct subject {
    char device[160], peer[80];
};

static struct subject split(const char *who)
{
    struct subject subject = {"", ""};
    if (who == NULL)
        return subject;
    const char *tab = strchr(who, '\t');
    size_t len = tab != NULL ? (size_t)(tab - who) : strlen(who);
    text_printable(who, len, subject.device, sizeof(subject.device));
    if (tab != NULL)
        text_printable(tab + 1, strlen(tab + 1), subject.peer, sizeof(subject.peer));
    return subject;
}

static int format_json(char *out, size_t size, const char *time, enum log_level level,
                       const char *module, const struct subject *who, const char *text)
{
    struct json_object *line = json_object_new_object();
    put_string(line, "time", time);
    put_string(line, "level", level_names[level]);
    put_string(line, "module", module);
    if (who->device[0] != '\0')
        put_string(line, "device", who->device);
    if (who->peer[0] != '\0')
        put_string(line, "peer", who->peer);
    put_string(line, "message", text);
    int n = snprintf(out, size, "%s\n",
                     json_object_to_json_string_ext(line, JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(line);
    return n;
}

static int format_text(char *out, size_t size, const char *time, enum log_level level,
                       const char *module, const struct subject *who, const char *text)
{
    static const char *const padded[] = {"ERROR", "WARN ", "INFO ", "DEBUG"};
    bool both = who->device[0] != '\0' && who->peer[0] != '\0';
    if (who->device[0] != '\0' || who->peer[0] != '\0')
        return snprintf(out, size, "%s %s %s [%s%s%s] %s\n", time, padded[level], module,
                        who->device, both ? " " : "", who->peer, text);
    return snprintf(out, size, "%s %s %s %s\n", time, padded[level], module, text);
}

/* A log that cannot be written must not stop the program: what the descriptor refuses is lost. */
static void write_whole(int fd, const char *line, size_t len)
{
    while (len > 0) {
        ssize_t n = write(fd, line, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return;
        line += n;
        len -= (size_t)n;
    }
}

static _Thread_local char thread_part[16];

void log_thread_part(const char *part)
{
    snprintf(thread_part, sizeof(thread_part), "%s%s", part[0] != '\0' ? "-" : "", part);
}

__attribute__((format(printf, 4, 0))) static void
write_line(enum log_level level, const char *name, const char *who, const char *fmt, va_list args)
{
    int saved_errno = errno;
    char module[64];
    char message[LINE_SIZE], text[LINE_SIZE], time[CLOCK_ISO_SIZE];
    const struct subject subject = split(who);
    vsnprintf(message, sizeof(message), fmt, args);
    text_printable(message, strlen(message), text, sizeof(text));
    clock_iso(clock_wall_ms(), time);
    snprintf(module, sizeof(module), "%s%s", name, thread_part);

    char line[3 * LINE_SIZE]; /* room for a text whose every byte JSON escapes, and for the rest */
    pthread_mutex_lock(&state.lock);
    int n = state.format == LOGF_JSON
                ? format_json(line, sizeof(line), time, level, module, &subject, text)
                : format_text(line, sizeof(line), time, level, module, &subject, text);
    if (n >= (int)sizeof(line)) {
        n = (int)sizeof(line) - 1;
        line[n - 1] = '\n';
    }
    write_whole(state.fd, line, (size_t)n);
    pthread_mutex_unlock(&state.lock);
    errno = saved_errno;
}

void log_line(enum log_level level, const char *module, const char *who, const char *fmt, ...)
{
    va_list args;
    if (!log_enabled(level))
        return;
    va_start(args, fmt);
    write_line(level, module, who, fmt, args);
    va_end(args);
}

void log_asked(const char *module, const char *who, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    write_line(LOGL_INFO, module, who, fmt, args);
    va_end(args);
}

const char *log_peer(const char *address, uint16_t port, char *out, size_t size)
{
    snprintf(out, size, strchr(address, ':') != NULL ? "\t[%s]:%u" : "\t%s:%u", address,
             (unsigned)port);
    return out;
}

int log_limited(struct log_limit *limit, int64_t now_ms, uint64_t *suppressed)
{
    if (limit->used == 0 || now_ms - limit->window_start_ms >= limit->window_ms) {
        limit->window_start_ms = now_ms;
        limit->used = 0;
    }
    if (limit->used >= limit->burst) {
        limit->suppressed++;
        return 0;
    }
    limit->used++;
    *suppressed = limit->suppressed;
    limit->suppressed = 0;
    return 1;
}
