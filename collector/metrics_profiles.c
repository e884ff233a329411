#include "collector/metrics_profiles.h"

#include "shared/base/version.h"

#include <stddef.h>

void metrics_label(FILE *out, const char *value)
{
    for (; *value != '\0'; value++) {
        if (*value == '\n')
            fputs("\\n", out);
        else if (*value == '\\' || *value == '"')
            fprintf(out, "\\%c", *value);
        else
            fputc(*value, out);
    }
}

static void print_head(FILE *out, const char *name, const char *type, const char *help)
{
    fprintf(out, "# HELP dtuhub_%s %s\n# TYPE dtuhub_%s %s\n", name, help, name, type);
}

void metrics_profiles_print(const struct profile_table *table, FILE *out)
{
    static const struct {
        const char *name, *type, *help;
        size_t offset;
    } kinds[] = {
#define KIND(name, type, help, field)                                                              \
    {"profile_" name, type, help, offsetof(struct profile_counts, field)}
        KIND("lines", "gauge", "Registered lines that run by the profile.", lines),
        KIND("registrations_total", "counter", "Registrations, by profile.", registrations),
        KIND("polls_total", "counter", "Queries sent, repetitions not counted, by profile.", polls),
        KIND("polls_repeated_total", "counter", "Queries sent again after a time-out, by profile.",
             repeated),
        KIND("answers_total", "counter", "Queries answered with data, by profile.", answers),
        KIND("exceptions_total", "counter", "Queries answered with a Modbus exception, by profile.",
             exceptions),
        KIND("timeouts_total", "counter", "Queries given up after their last time-out, by profile.",
             timeouts),
        KIND("crc_errors_total", "counter", "Modbus packets with a wrong CRC, by profile.",
             crc_errors),
        KIND("samples_total", "counter", "Values decoded, by profile.", samples),
#undef KIND
    };
    const struct profile_counts *counts;
    for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        print_head(out, kinds[i].name, kinds[i].type, kinds[i].help);
        for (counts = table->head; counts != NULL; counts = counts->hh.next) {
            uint64_t value = *(const uint64_t *)((const char *)counts + kinds[i].offset);
            fprintf(out, "dtuhub_%s{profile=\"", kinds[i].name);
            metrics_label(out, counts->name);
            fprintf(out, "\"} %llu\n", (unsigned long long)value);
        }
    }
}

void metrics_build_print(FILE *out)
{
    print_head(out, "build_info", "gauge", "Always 1; the labels say which program this is.");
    fputs("dtuhub_build_info{version=\"", out);
    metrics_label(out, DTUHUB_VERSION);
    fputs("\"} 1\n", out);
}
