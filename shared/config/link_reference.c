#include "shared/config/link_config.h"
#include "shared/config/link_draft.h"

void link_config_reference(FILE *out)
{
    static const char *const kinds[TOKEN_KINDS] = {
        [TOKEN_BYTES] = "always the same bytes",
        [TOKEN_TEXT] = "an id between a start and an end",
        [TOKEN_REGEX] = "what a regular expression matches",
        [TOKEN_JSON] = "an object in braces",
        [TOKEN_STRUCT] = "a fixed number of bytes",
    };
    fputs("How the DTUs of a profile behave on the line: the name of a family, or a "
          "section with these keys. A family's file holds the same keys at its top.\n\n",
          out);
    settings_reference(&line_table, false, out);
    fputs("\nThe section `registration` of a line:\n\n", out);
    settings_reference(&registration_table, false, out);
    fputs("\nThe section `heartbeat` of a line:\n\n", out);
    settings_reference(&heartbeat_table, false, out);
    fputs("\nThe section `timing` of a line:\n\n", out);
    settings_reference(&timing_table, false, out);
    for (size_t i = 0; i < TOKEN_KINDS; i++) {
        fprintf(out, "\nA packet of kind `%s`, %s:\n\n",
                token_tables[i].settings[TOKEN_KIND].choices[i], kinds[i]);
        settings_reference(&token_tables[i], false, out);
    }
    fputs("\nThe sections `id` and `secret` of a packet of kind `struct`:\n\n", out);
    settings_reference(&slice_table, false, out);
    fputs("\nThe section `reply` of a packet:\n\n", out);
    settings_reference(&reply_table, false, out);
}
