/*
 * A name that stands for another address each time it is asked for: loaded into a program with
 * LD_PRELOAD. What getaddrinfo() says of the name in DTUHUB_NAME are the addresses in
 * DTUHUB_ADDRESSES in turn, "192.0.2.1,127.0.0.1", one each time; after the last, the last.
 * All other names are as they are.
 */
#include <dlfcn.h>
#include <netdb.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef int lookup(const char *, const char *, const struct addrinfo *, struct addrinfo **);

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static const char *rest;

/* The next address; callers come from any thread. */
static void next_address(char *out, size_t size)
{
    pthread_mutex_lock(&lock);
    if (rest == NULL)
        rest = getenv("DTUHUB_ADDRESSES");
    if (rest == NULL)
        abort();
    size_t len = strcspn(rest, ",");
    snprintf(out, size, "%.*s", (int)len, rest);
    if (rest[len] == ',')
        rest += len + 1;
    pthread_mutex_unlock(&lock);
}

int getaddrinfo(const char *restrict name, const char *restrict service,
                const struct addrinfo *restrict hints, struct addrinfo **restrict out)
{
    lookup *real;
    char address[64];
    const char *ours = getenv("DTUHUB_NAME");
    *(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
    if (real == NULL)
        abort();
    if (name == NULL || ours == NULL || strcmp(name, ours) != 0)
        return real(name, service, hints, out);
    next_address(address, sizeof(address));
    return real(address, service, hints, out);
}
