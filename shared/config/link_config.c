#include "shared/config/link_config.h"

#include <string.h>

void link_config_default(struct link_def *out)
{
    *out = (struct link_def){
        .framing = FRAMING_TLV,
        .registration_required = true,
        .timing = {-1, -1, -1, -1, -1, 0, -1, -1, -1, -1, -1},
    };
}

int link_config_read(const struct settings_reader *reader, const struct settings_place *place,
                     const struct config_files *files, struct link_def *out)
{
    (void)reader, (void)place, (void)files;
    link_config_default(out);
    return 0;
}

void link_config_clear(struct link_def *link)
{
    memset(link, 0, sizeof(*link));
}

void link_config_reference(FILE *out)
{
    (void)out;
}
