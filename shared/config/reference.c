/*
 * The reference of all keys as Markdown, from the tables that the checker reads by.
 */
#include "shared/config/data_draft.h"
#include "shared/config/device_config.h"
#include "shared/config/link_config.h"
#include "shared/config/point_table.h"
#include "shared/config/rule_file.h"
#include "shared/config/server_config.h"
#include "shared/config/server_tables.h"
#include "shared/config/webhook_file.h"

#include <stdio.h>
#include <string.h>

static void print_bounds(const struct setting *setting, FILE *out)
{
    if (setting->min < setting->max && setting->max < 1e100)
        fprintf(out, ", %.15g to %.15g", setting->min, setting->max);
}

static void print_type(const struct setting *setting, FILE *out)
{
    switch (setting->type) {
    case SETTING_STRING:
    case SETTING_SECRET:
        fprintf(out, "text of %g to %g bytes", setting->min, setting->max > 0 ? setting->max : 255);
        break;
    case SETTING_PATH:
        fputs("path", out);
        break;
    case SETTING_URL:
        fputs("http or https URL", out);
        break;
    case SETTING_ADDRESS:
        fputs("IP address", out);
        break;
    case SETTING_BOOL:
        fputs("true or false", out);
        break;
    case SETTING_PORT:
        fputs("whole number, 1 to 65535", out);
        break;
    case SETTING_UINT:
        fputs("whole number", out);
        print_bounds(setting, out);
        break;
    case SETTING_SIZE:
        fputs("bytes, or with K, M, G", out);
        print_bounds(setting, out);
        break;
    case SETTING_SECONDS:
        fputs("seconds", out);
        print_bounds(setting, out);
        break;
    case SETTING_NUMBER:
        fputs("number", out);
        break;
    case SETTING_CHOICE:
        for (size_t i = 0; setting->choices[i] != NULL; i++)
            fprintf(out, "%s`%s`", i > 0 ? ", " : "", setting->choices[i]);
        break;
    case SETTING_LIST:
        fputs("texts", out);
        break;
    case SETTING_CIDRS:
        fputs("addresses and networks", out);
        break;
    case SETTING_PATTERN:
        fputs("regular expression", out);
        break;
    case SETTING_TEMPLATE:
        fputs("Mustache template", out);
        break;
    case SETTING_BYTES:
        fprintf(out, "text of 1 to %g bytes", setting->max);
        break;
    case SETTING_HEX:
        fprintf(out, "1 to %g bytes in hexadecimal", setting->max);
        break;
    case SETTING_BLOCK:
        fputs("section", out);
        break;
    case SETTING_NODE:
        fputs("text or section", out);
        break;
    }
}

static void print_default(const struct setting *setting, FILE *out)
{
    if (setting->required)
        fputs("**required**", out);
    else if (setting->def == NULL)
        fputs("none", out);
    else if (*setting->def == '\0')
        fputs("`\"\"`", out);
    else
        fprintf(out, "`%s`", setting->def);
}

void settings_reference(const struct settings_table *table, bool with_reload, FILE *out)
{
    fprintf(out, "| key | value | default |%s what it says |\n| --- | --- | --- |%s --- |\n",
            with_reload ? " reload |" : "", with_reload ? " --- |" : "");
    for (size_t i = 0; i < table->count; i++) {
        const struct setting *setting = &table->settings[i];
        fprintf(out, "| `%s` | ", setting_key(setting));
        print_type(setting, out);
        fputs(" | ", out);
        print_default(setting, out);
        if (with_reload)
            fputs(setting->reload ? " | yes" : " | restart", out);
        fprintf(out, " | %s |\n", setting->help);
    }
}

void server_config_reference(FILE *out)
{
    for (size_t i = 0; i < server_tables_count; i++) {
        fprintf(out, "%s### %s\n\n%s\n\n", i > 0 ? "\n" : "", server_tables[i].name,
                server_tables[i].help);
        settings_reference(&server_tables[i].table, true, out);
        if (strcmp(server_tables[i].name, "webhooks") == 0)
            webhook_reference(out);
    }
}

static void print_section(const char *title, const char *help, const struct settings_table *table,
                          FILE *out)
{
    fprintf(out, "\n### %s\n\n%s\n\n", title, help);
    settings_reference(table, false, out);
}

void data_config_reference(FILE *out)
{
    fputs("### query_tasks\n\nWhat a DTU is asked. The key of a task is its number, 1 to "
          "65535.\n\n",
          out);
    settings_reference(&task_table, false, out);
    print_section("data_points",
                  "What the answers mean. The key of a point is its address, 0 to 65535, or a "
                  "label where `address` is given.",
                  &point_table, out);
    fputs("\nThe section `bits` of a point:\n\n", out);
    settings_reference(&bits_table, false, out);
    print_section("profiles", "Families of devices. The key of a profile is its name.",
                  &profile_table, out);
    print_section("profiles: poll", "How points are read that no task reads.", &poll_table, out);
    print_section("profiles: slaves",
                  "The slaves behind the DTU. The key of a slave is its unit id, 1 to 247.",
                  &slave_table, out);
    fputs("\n### profiles: line\n\n", out);
    link_config_reference(out);
    fputs("\n### devices\n\n", out);
    device_config_reference(out);
    fputs("\n### rules\n\n", out);
    rule_reference(out);
    print_section("unknown_devices", "One value at the top level.", &top_table, out);
    fputs("\n### points_file\n\nThe columns of a point table, in any order:\n\n", out);
    point_table_reference(out);
}
