#include "shared/config/webhook_draft.h"
#include "shared/config/webhook_file.h"

#include <assert.h>

/* SETTING_CHOICE stores an int. */
static_assert(sizeof(enum severity) == sizeof(int), "enum severity");
static_assert(sizeof(enum webhook_format) == sizeof(int), "enum webhook_format");

enum { URL_LENGTH_MAX = 2047, LIST_MAX = 4095, BODY_MAX = 65535, PATH_LENGTH_MAX = 1023 };

#define HOUR 3600.0
#define DAY (24 * HOUR)

const char *const webhook_languages[] = {"en", "zh", NULL};
const char *const webhook_methods[] = {"POST", "PUT", "PATCH", NULL};
const char *const webhook_formats[] = {
    [WEBHOOK_ORIGINAL] = "original",
    [WEBHOOK_PLAIN] = "plain",
    [WEBHOOK_STANDARD_WEBHOOKS] = "standard_webhooks",
    [WEBHOOK_CLOUDEVENTS] = "cloudevents",
    [WEBHOOK_DINGTALK] = "dingtalk",
    [WEBHOOK_FEISHU] = "feishu",
    [WEBHOOK_WECOM] = "wecom",
    [WEBHOOK_TEMPLATE] = "template",
    [WEBHOOK_FORMATS] = NULL,
};

#define TARGET(key, field, kind)                                                                   \
    .path = "webhooks.targets.NAME." #key, .offset = offsetof(struct webhook_draft, field),        \
    .type = kind

static const struct setting target_settings[] = {
    [TARGET_URL] = {TARGET(url, url, SETTING_URL), .required = true, .max = URL_LENGTH_MAX,
                    .help = "where it is called"},
    [TARGET_EVENTS] = {TARGET(events, events, SETTING_LIST), .min = 1, .max = LIST_MAX,
                       .help = "kinds of events that it is told, with * and ?, as [device_offline, "
                               "\"alarm_*\"]; it needs these or rules"},
    [TARGET_RULES] = {TARGET(rules, rules, SETTING_LIST), .min = 1, .max = LIST_MAX,
                      .help = "rules of data_config.yml, with * and ?, whose alarms it is told"},
    [TARGET_DEVICES] = {TARGET(devices, devices, SETTING_LIST), .min = 1, .max = LIST_MAX,
                        .help = "only of devices with these ids, with * and ?; without it of all"},
    [TARGET_PROFILES] = {TARGET(profiles, profiles, SETTING_LIST), .min = 1, .max = LIST_MAX,
                         .help = "only of devices of these profiles, with * and ?"},
    [TARGET_TAGS] = {TARGET(tags, tags, SETTING_LIST), .min = 1, .max = LIST_MAX,
                     .help = "only of devices with one of these tags"},
    [TARGET_SEVERITY] = {TARGET(severity, severity, SETTING_CHOICE), .def = "info",
                         .choices = severity_names, .help = "only what is as severe, or worse"},
    [TARGET_LANGUAGE] = {TARGET(language, language, SETTING_CHOICE), .def = "en",
                         .choices = webhook_languages, .help = "language of texts for people"},
    [TARGET_METHOD] = {TARGET(method, method, SETTING_CHOICE), .def = "POST",
                       .choices = webhook_methods, .help = "method of the request"},
    [TARGET_HEADERS] = {TARGET(headers, headers, SETTING_BLOCK),
                        .help = "headers of the request, as {Authorization: \"Bearer ${TOKEN}\"}"},
    [TARGET_FORMAT] = {TARGET(format, format, SETTING_CHOICE), .def = "plain",
                       .choices = webhook_formats, .help = "what the body of the request is"},
    [TARGET_BODY] = {TARGET(body, body, SETTING_TEMPLATE), .min = 1, .max = BODY_MAX,
                     .help = "the body, of format template"},
    [TARGET_CONTENT_TYPE] = {TARGET(content_type, content_type, SETTING_STRING), .min = 1,
                             .def = "application/json",
                             .help = "type of the body, of format template; JSON, HTML and XML say "
                                     "how values are escaped in it"},
    [TARGET_SECRET] = {TARGET(secret, secret, SETTING_SECRET), .min = 1, .max = 1023,
                       .help = "what requests are signed with; better ${VARIABLE}, or secret_file"},
    [TARGET_SECRET_FILE] = {TARGET(secret_file, secret_file, SETTING_PATH), .max = PATH_LENGTH_MAX,
                            .help = "file that holds the secret, in place of secret; a relative "
                                    "path starts from the folder of this file"},
    [TARGET_CA_FILE] = {TARGET(ca_file, ca_file, SETTING_PATH), .max = PATH_LENGTH_MAX,
                        .help =
                            "file of the certificates (PEM) that vouch for the target, in place "
                            "of the system's; a relative path starts from the folder of this "
                            "file"},
    [TARGET_TIMEOUT] = {TARGET(timeout, timeout_ms, SETTING_SECONDS), .def = "15", .min = 0.1,
                        .max = 300, .help = "seconds that a call may take"},
    [TARGET_CONNECT_TIMEOUT] = {TARGET(connect_timeout, connect_timeout_ms, SETTING_SECONDS),
                                .def = "5", .min = 0.1, .max = 300,
                                .help = "seconds of it until the connection stands"},
    [TARGET_CONCURRENCY] = {TARGET(concurrency, concurrency, SETTING_UINT), .def = "4", .min = 1,
                            .max = 64,
                            .help = "calls at once; those about one device go one after the other"},
    [TARGET_RATE] = {TARGET(rate, rate, SETTING_UINT), .max = WEBHOOK_RATE_MAX,
                     .help = "calls in rate_window at the most; 0 is no limit; without it 20 for "
                             "dingtalk and wecom, 100 for feishu, no limit for others"},
    [TARGET_RATE_WINDOW] = {TARGET(rate_window, rate_window_ms, SETTING_SECONDS), .def = "60",
                            .min = 1, .max = DAY, .help = "seconds that rate counts in"},
    [TARGET_BATCH] = {TARGET(batch, batch, SETTING_BLOCK),
                      .help = "several events data_received in one call, as {max: 100, wait: 5}"},
    [TARGET_RETRIES] = {TARGET(retries, retries, SETTING_LIST),
                        .def = "5, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400",
                        .help = "seconds from a failed call to the next, one for each that is made "
                                "again; [] is never"},
    [TARGET_KEEP] = {TARGET(keep, keep_ms, SETTING_SECONDS), .def = "604800", .min = 1,
                     .max = 366 * DAY,
                     .help = "seconds after which what is not delivered is given up"},
};

#define BATCH(key, field, kind)                                                                    \
    .path = "webhooks.targets.NAME.batch." #key, .offset = offsetof(struct webhook_draft, field),  \
    .type = kind

static const struct setting batch_settings[] = {
    {BATCH(max, batch_max, SETTING_UINT), .def = "1", .min = 1, .max = WEBHOOK_BATCH_MAX,
     .help = "events in a call at the most; 1 is each in its own"},
    {BATCH(wait, batch_wait_ms, SETTING_SECONDS), .def = "5", .min = 0.1, .max = HOUR,
     .help = "seconds that the first of them waits for others at the most"},
};

#define TABLE(list)                                                                                \
    {                                                                                              \
        .settings = (list), .count = sizeof(list) / sizeof(*(list))                                \
    }

const struct settings_table webhook_target_table = TABLE(target_settings);
const struct settings_table webhook_batch_table = TABLE(batch_settings);

void webhook_reference(FILE *out)
{
    fputs(
        "\nThe section `targets`: the key of a target is its name. docs/webhooks.md tells more; a "
        "reload may change all of it.\n\n",
        out);
    settings_reference(&webhook_target_table, false, out);
    fputs("\nThe section `batch` of a target:\n\n", out);
    settings_reference(&webhook_batch_table, false, out);
}
