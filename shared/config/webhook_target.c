#include "shared/config/webhook_target.h"

#include "shared/base/alloc.h"
#include "shared/config/config_files.h"
#include "shared/config/list_text.h"
#include "shared/config/password_file.h"
#include "shared/config/quote.h"
#include "shared/config/setting_value.h"
#include "shared/config/template_text.h"
#include "shared/config/webhook_file.h"
#include "shared/config/webhook_headers.h"

#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A target while it is read. */
struct target_reading {
    const struct settings_reader *reader;
    const char *path; /* "webhooks.targets.ops" */
    unsigned line;
    struct webhook_draft draft;
    struct webhook_target *out;
};

/* ${problem} is a new text, or NULL: nothing is wrong. */
static void target_fault(const struct target_reading *reading, enum target_key key, char *problem)
{
    unsigned line = reading->draft.lines[key] > 0 ? reading->draft.lines[key] : reading->line;
    if (problem != NULL)
        faults_add(reading->reader->faults, yaml_doc_name(reading->reader->doc), line, "%s.%s: %s",
                   reading->path, setting_key(&webhook_target_table.settings[key]), problem);
    free(problem);
}

static bool is_given(const struct target_reading *reading, enum target_key key)
{
    return reading->draft.lines[key] > 0;
}

/* Lists */

/* What is wrong with the name of a kind that none has. */
static char *unknown_kind(const char *name)
{
    const char *nearest = text_nearest(name, event_kind_names, EVENT_KINDS - 1);
    if (nearest != NULL)
        return xasprintf("no event is called %s: did you mean \"%s\"?", QUOTE(name), nearest);
    char *list = xstrdup(event_kind_names[0]);
    for (size_t i = 1; event_kind_names[i] != NULL; i++) {
        char *longer = xasprintf("%s, %s", list, event_kind_names[i]);
        free(list);
        list = longer;
    }
    char *problem = xasprintf("no event is called %s: they are %s", QUOTE(name), list);
    free(list);
    return problem;
}

static void read_events(const struct target_reading *reading)
{
    char **names = list_text_split(reading->draft.events);
    for (char **name = names; name != NULL && *name != NULL; name++) {
        uint64_t kinds = 0;
        for (unsigned kind = EVENT_NONE + 1; kind < EVENT_KINDS; kind++) {
            if (fnmatch(*name, event_kind_info(kind)->name, 0) == 0)
                kinds |= event_kind_mask(kind);
        }
        if (kinds == 0)
            target_fault(reading, TARGET_EVENTS, unknown_kind(*name));
        reading->out->kinds |= kinds;
    }
    free(names);
}

static void check_asked(const struct target_reading *reading)
{
    if (!is_given(reading, TARGET_EVENTS) && !is_given(reading, TARGET_RULES))
        target_fault(reading, TARGET_EVENTS,
                     xstrdup("missing: say what it is told, as \"events: [device_offline, "
                             "'alarm_*']\", or whose alarms, as \"rules: [...]\""));
}

static char *read_retries(const char *list, struct webhook_target *out)
{
    static const struct setting one = {.type = SETTING_SECONDS, .min = 0.1, .max = 604800};
    char **parts = list_text_split(list), *problem = NULL;
    for (char **part = parts; problem == NULL && part != NULL && *part != NULL; part++) {
        if (out->nretries == WEBHOOK_RETRIES_MAX)
            problem = xasprintf("more than %d: leave some out", WEBHOOK_RETRIES_MAX);
        else
            problem = setting_value_parse(&one, *part, *part, &out->retries_ms[out->nretries++]);
    }
    free(parts);
    return problem;
}

/* What it sends */

static void read_body(const struct target_reading *reading)
{
    const struct webhook_draft *draft = &reading->draft;
    bool wanted = draft->format == WEBHOOK_TEMPLATE;
    if (wanted && !is_given(reading, TARGET_BODY))
        target_fault(
            reading, TARGET_BODY,
            xstrdup("missing: format template needs the template, as \"body: '{\\\"text\\\": "
                    "\\\"{{message}}\\\"}'\""));
    for (enum target_key key = TARGET_BODY; !wanted && key <= TARGET_CONTENT_TYPE; key++) {
        if (is_given(reading, key))
            target_fault(reading, key,
                         xasprintf("only of format template: format %s makes its own; leave it "
                                   "out, or write \"format: template\"",
                                   webhook_formats[draft->format]));
    }
    if (!wanted || draft->body == NULL)
        return;
    char *problem, *path = xasprintf("%s.body", reading->path);
    reading->out->body = template_text_parse(path, draft->body, &problem);
    target_fault(reading, TARGET_BODY, problem);
    free(path);
}

/* Put what the file holds in the place of a secret that stands here. */
static void read_secret_file(const struct target_reading *reading)
{
    const struct webhook_draft *draft = &reading->draft;
    char *problem = NULL;
    if (draft->secret_file == NULL)
        return;
    if (is_given(reading, TARGET_SECRET))
        problem = xasprintf("secret is given too (line %u): keep one of them",
                            draft->lines[TARGET_SECRET]);
    else
        reading->out->secret =
            password_file_read(yaml_doc_name(reading->reader->doc), draft->secret_file, &problem);
    target_fault(reading, TARGET_SECRET_FILE, problem);
}

static void check_secret(const struct target_reading *reading)
{
    enum target_key key = is_given(reading, TARGET_SECRET) ? TARGET_SECRET : TARGET_SECRET_FILE;
    if (reading->draft.format == WEBHOOK_WECOM && is_given(reading, key))
        target_fault(reading, key,
                     xstrdup("robots of WeCom know no signature, the key in the URL is their "
                             "secret: leave it out"));
}

/* Whether ${path} is a file that can be read; else errno is set. */
static bool is_readable(const char *path)
{
    struct stat status;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return false;
    bool regular = fstat(fd, &status) == 0 && S_ISREG(status.st_mode);
    close(fd);
    if (!regular)
        errno = EINVAL;
    return regular;
}

static void read_ca_file(const struct target_reading *reading)
{
    if (reading->draft.ca_file == NULL)
        return;
    char *path = config_file_path(yaml_doc_name(reading->reader->doc), reading->draft.ca_file);
    if (!is_readable(path))
        target_fault(reading, TARGET_CA_FILE,
                     xasprintf("%s cannot be read: %s: check the path, and that the daemon's user "
                               "may read it",
                               QUOTE(path), strerror(errno)));
    reading->out->ca_file = path;
}

/* How often */

static uint32_t default_rate(enum webhook_format format)
{
    if (format == WEBHOOK_FEISHU)
        return 100;
    return webhook_is_robot(format) ? 20 : 0;
}

static void check_batch(const struct target_reading *reading)
{
    if (reading->draft.format == WEBHOOK_ORIGINAL && reading->draft.batch_max > 1)
        target_fault(reading, TARGET_BATCH,
                     xstrdup("a body of format original has room for one event: leave it out, or "
                             "choose another format"));
}

static void check_times(const struct target_reading *reading)
{
    const struct webhook_draft *draft = &reading->draft;
    if (draft->connect_timeout_ms <= draft->timeout_ms)
        return;
    if (is_given(reading, TARGET_CONNECT_TIMEOUT))
        target_fault(reading, TARGET_CONNECT_TIMEOUT,
                     xstrdup("longer than timeout, which it is a part of: make it shorter, or "
                             "timeout longer"));
    reading->out->connect_timeout_ms = draft->timeout_ms;
}

/* The whole */

static char *take_text(char **from)
{
    char *text = *from;
    *from = NULL;
    return text;
}

char *webhook_target_take(struct webhook_draft *draft, struct webhook_target *out)
{
    *out = (struct webhook_target){
        .url = take_text(&draft->url),
        .rules = list_text_split(draft->rules),
        .devices = list_text_split(draft->devices),
        .profiles = list_text_split(draft->profiles),
        .tags = list_text_split(draft->tags),
        .severity = draft->severity,
        .language = webhook_languages[draft->language],
        .method = xstrdup(webhook_methods[draft->method]),
        .format = draft->format,
        .content_type = take_text(&draft->content_type),
        .secret = take_text(&draft->secret),
        .timeout_ms = draft->timeout_ms,
        .connect_timeout_ms = draft->connect_timeout_ms,
        .concurrency = draft->concurrency,
        .rate = draft->lines[TARGET_RATE] > 0 ? draft->rate : default_rate(draft->format),
        .rate_window_ms = draft->rate_window_ms,
        .batch_max = draft->batch_max,
        .batch_wait_ms = draft->batch_wait_ms,
        .keep_ms = draft->keep_ms,
        .rules_line = draft->lines[TARGET_RULES],
        .profiles_line = draft->lines[TARGET_PROFILES],
    };
    return read_retries(draft->retries, out);
}

static void check_name(const struct target_reading *reading, const char *name)
{
    static const struct setting setting = {
        .type = SETTING_STRING, .min = 1, .max = WEBHOOK_NAME_MAX};
    static const enum event_kind shorts[] = {EVENT_DEVICE_ONLINE, EVENT_DEVICE_OFFLINE,
                                             EVENT_DATA_RECEIVED};
    char *text = NULL, *problem = setting_value_parse(&setting, name, name, &text);
    free(text);
    for (size_t i = 0; problem == NULL && i < sizeof(shorts) / sizeof(*shorts); i++) {
        if (strcmp(name, event_kind_info(shorts[i])->name) == 0)
            problem = xstrdup("the short form has this name: choose another");
    }
    if (problem != NULL)
        faults_add(reading->reader->faults, yaml_doc_name(reading->reader->doc), reading->line,
                   "%s: the key of a target is its name: %s", reading->path, problem);
    free(problem);
}

static void read_sections(struct target_reading *reading)
{
    struct webhook_draft *draft = &reading->draft;
    char *batch = xasprintf("%s.batch", reading->path);
    char *headers = xasprintf("%s.headers", reading->path);
    settings_read(reading->reader,
                  &(struct settings_place){draft->batch, batch, draft->lines[TARGET_BATCH]},
                  &webhook_batch_table, draft, NULL);
    webhook_headers_read(
        reading->reader,
        &(struct settings_place){draft->headers, headers, draft->lines[TARGET_HEADERS]},
        reading->out);
    free(batch);
    free(headers);
}

void webhook_target_read(const struct settings_reader *reader, const struct cidr_list *deny,
                         const struct yaml_pair *pair, struct webhook_target *out)
{
    char *path = settings_path("webhooks.targets", pair->key);
    const struct settings_place place = {pair->value, path, pair->line};
    struct target_reading reading = {
        .reader = reader, .path = path, .line = pair->line, .out = out};
    check_name(&reading, pair->key);
    if (settings_read(reader, &place, &webhook_target_table, &reading.draft, reading.draft.lines) ==
        0)
        check_asked(&reading); /* else it may be there, under a mistyped key */
    target_fault(&reading, TARGET_RETRIES, webhook_target_take(&reading.draft, out));
    read_sections(&reading);
    out->batch_max = reading.draft.batch_max;
    out->batch_wait_ms = reading.draft.batch_wait_ms;
    out->name = xstrdup(pair->key);
    out->line = pair->line;
    if (out->url != NULL)
        target_fault(&reading, TARGET_URL, webhook_url_problem(out->url, deny));
    read_events(&reading);
    read_body(&reading);
    read_secret_file(&reading);
    check_secret(&reading);
    read_ca_file(&reading);
    check_batch(&reading);
    check_times(&reading);
    settings_free(&webhook_target_table, &reading.draft);
    free(path);
}

static void wipe(char *text)
{
    if (text != NULL)
        explicit_bzero(text, strlen(text));
    free(text);
}

void webhook_target_clear(struct webhook_target *target)
{
    wipe(target->url);
    wipe(target->secret);
    for (size_t i = 0; i < target->nheaders; i++) {
        free(target->headers[i].name);
        wipe(target->headers[i].value);
    }
    free(target->headers);
    free(target->name);
    free(target->rules);
    free(target->devices);
    free(target->profiles);
    free(target->tags);
    free(target->method);
    mustache_free(target->body);
    free(target->content_type);
    free(target->ca_file);
    *target = (struct webhook_target){0};
}
