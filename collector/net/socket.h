/*
 * What each DTU's TCP socket needs, whichever side opened it. Any thread.
 */
#ifndef DTUHUB_COLLECTOR_NET_SOCKET_H
#define DTUHUB_COLLECTOR_NET_SOCKET_H

#include "collector/record.h"

#include <stdint.h>
#include <sys/socket.h>

/** socket_name(address, peer): ${address}, IPv4 or IPv6, as text; a mapped address as IPv4. */
void socket_name(const struct sockaddr_storage *address, struct record_connection *peer);

/** socket_numeric(host, port, address, size): where ${host} is a numeric IPv4 or IPv6 address, fill
 * ${address} and ${size}. 0, or -1 where it is a name. */
int socket_numeric(const char *host, uint16_t port, struct sockaddr_storage *address,
                   socklen_t *size);

/** socket_options(fd): send at once, and find lines that died while nobody spoke. */
void socket_options(int fd);

#endif
