/*
 * The PROXY header from hostile bytes. However they are cut, the verdict is the same: more is asked
 * for up to the header's last byte, what is broken stays broken, and a source that is given is an
 * address.
 */
#include "collector/net/proxy.h"
#include "shared/base/cidr.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

static void require(int holds)
{
    if (!holds)
        abort();
}

/* In memory of its own exact size, so that a byte read too far is seen. */
static int parse(const uint8_t *data, size_t len, struct proxy_header *header)
{
    uint8_t *exact = malloc(len ? len : 1);
    require(exact != NULL);
    memcpy(exact, data, len);
    int size = proxy_parse(exact, len, header);
    free(exact);
    return size;
}

static void check_source(const struct proxy_header *header)
{
    char *problem;
    struct cidr_list *list = cidr_list_parse(header->source.address, &problem);
    require(list != NULL && cidr_list_count(list) == (header->kind == PROXY_RELAYED));
    require(header->kind != PROXY_RELAYED || cidr_list_holds(list, header->source.address));
    cidr_list_free(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    struct proxy_header header;
    int settled = 0;
    if (len > PROXY_MAX + 8)
        len = PROXY_MAX + 8;
    for (size_t n = 0; n <= len; n++) {
        int size = parse(data, n, &header);
        require(size >= -1 && size <= (int)n && size <= PROXY_MAX);
        require(settled == 0 || size == settled);
        if (size > 0) {
            require(settled != 0 || size == (int)n);
            check_source(&header);
        }
        settled = size;
    }
    require(len <= PROXY_MAX || settled != 0);
    return 0;
}
