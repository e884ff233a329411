#include "shared/config/device_config.h"

int device_config_read(const struct settings_reader *reader, const struct settings_place *place,
                       struct data_config *config)
{
    (void)reader, (void)place, (void)config;
    return 0;
}

void device_config_clear(struct data_config *config)
{
    (void)config;
}

void device_config_reference(FILE *out)
{
    (void)out;
}
