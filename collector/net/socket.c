#include "collector/net/socket.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>

void socket_name(const struct sockaddr_storage *address, struct record_connection *peer)
{
    memset(peer, 0, sizeof(*peer));
    if (address->ss_family == AF_INET6) {
        const struct sockaddr_in6 *v6 = (const void *)address;
        peer->port = ntohs(v6->sin6_port);
        if (IN6_IS_ADDR_V4MAPPED(&v6->sin6_addr))
            inet_ntop(AF_INET, v6->sin6_addr.s6_addr + 12, peer->address, sizeof(peer->address));
        else
            inet_ntop(AF_INET6, &v6->sin6_addr, peer->address, sizeof(peer->address));
        return;
    }
    const struct sockaddr_in *v4 = (const void *)address;
    peer->port = ntohs(v4->sin_port);
    inet_ntop(AF_INET, &v4->sin_addr, peer->address, sizeof(peer->address));
}

int socket_numeric(const char *host, uint16_t port, struct sockaddr_storage *address,
                   socklen_t *size)
{
    memset(address, 0, sizeof(*address));
    struct sockaddr_in *v4 = (void *)address;
    struct sockaddr_in6 *v6 = (void *)address;
    if (inet_pton(AF_INET, host, &v4->sin_addr) == 1) {
        v4->sin_family = AF_INET;
        v4->sin_port = htons(port);
        *size = sizeof(*v4);
        return 0;
    }
    if (inet_pton(AF_INET6, host, &v6->sin6_addr) == 1) {
        v6->sin6_family = AF_INET6;
        v6->sin6_port = htons(port);
        *size = sizeof(*v6);
        return 0;
    }
    return -1;
}

/* Queries are small and wait for answers, so each goes out at once. Keepalive finds a dead line
 * within two minutes. */
void socket_options(int fd)
{
    const int on = 1, idle_s = 60, interval_s = 20, probes = 3;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof(on));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof(idle_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval_s, sizeof(interval_s));
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof(probes));
}
