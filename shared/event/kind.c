#include "shared/event/kind.h"

#include <string.h>

static const struct event_kind_info kinds[EVENT_KINDS] = {
    [EVENT_NONE] = {.name = "unknown", .title_en = "Event", .title_zh = "事件"},
#define X(symbol, text, level, device, kept, en, zh)                                               \
    [EVENT_##symbol] = {.name = text,                                                              \
                        .severity = level,                                                         \
                        .of_device = device,                                                       \
                        .stored = kept,                                                            \
                        .title_en = (en),                                                          \
                        .title_zh = (zh)},
    EVENT_KIND_LIST(X)
#undef X
};

const char *const event_kind_names[EVENT_KINDS] = {
#define X(symbol, text, level, device, kept, en, zh) [EVENT_##symbol - 1] = text,
    EVENT_KIND_LIST(X)
#undef X
};

const char *const severity_names[SEVERITIES + 1] = {"info", "warning", "critical", NULL};

_Static_assert(EVENT_KINDS <= 64, "a set of kinds is 64 bits");

const struct event_kind_info *event_kind_info(unsigned kind)
{
    return &kinds[kind < EVENT_KINDS ? kind : EVENT_NONE];
}

enum event_kind event_kind_find(const char *name)
{
    for (unsigned kind = EVENT_NONE + 1; kind < EVENT_KINDS; kind++) {
        if (strcmp(kinds[kind].name, name) == 0)
            return (enum event_kind)kind;
    }
    return EVENT_NONE;
}

const char *severity_name(enum severity severity)
{
    return severity < SEVERITIES ? severity_names[severity] : "unknown";
}
